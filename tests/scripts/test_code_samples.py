"""The table of coded samples: every code comes back, a byte or two from its surprisal."""

import pytest

from tests.scripts.loading import script


def test_samples_are_coded_and_come_back(short_folder, monkeypatch, capsys):
    monkeypatch.setattr(
        "sys.argv", ["code_samples", "-t", "speeches", "-d", str(short_folder), "--limit", "2", "--tokens", "12"]
    )
    assert script("code_samples").main() == 0
    header, _, *rows = capsys.readouterr().out.splitlines()
    assert header.startswith("| sample | tokens | surprisal, bits |")
    assert len(rows) == 2
    for row in rows:
        _, tokens, bits, ideal, coded, difference, back, _ = (cell.strip() for cell in row.strip("|").split("|"))
        assert tokens == back == "12"
        assert float(ideal) == pytest.approx(float(bits) / 8, abs=0.1)
        assert float(difference) == pytest.approx(int(coded) - float(bits) / 8, abs=0.02)
        assert 0 <= float(difference) < 2


def test_an_unknown_task_is_refused_in_one_line(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["code_samples", "-t", "speechless"])
    assert script("code_samples").main() == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("code_samples: ")
    assert captured.err.count("\n") == 1
