"""How far a decoder's float32 logits are from float64: what the script says when it has nothing to measure."""

from pathlib import Path

import pytest

from tests.scripts.loading import script


def test_a_folder_that_is_no_run_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["admit_decoder.py", str(tmp_path)])
    assert script("admit_decoder").main() == 3
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", f"admit_decoder: {tmp_path}/run.json: there is no such run (run.json)\n")


def test_the_largest_difference_decides(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    module = script("admit_decoder")
    monkeypatch.setattr("sys.argv", ["admit_decoder.py", "run"])
    for found, code, word in ((0.01, 0, "within"), (0.011, 1, "NOT within")):
        monkeypatch.setattr(module, "difference", lambda folder, name, found=found: found)
        assert module.main() == code
        assert capsys.readouterr().out == f"largest: {found:.2e} ({word} 0.01)\n"
