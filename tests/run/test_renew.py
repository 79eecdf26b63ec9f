"""A mended verifier never forces cramming again: the same command measures the certificates anew."""

import json
import sys
from pathlib import Path

import pytest

from cramboard.cli.progress import LiveDisplay
from cramboard.verify import VERIFIER_VERSION, verifier
from tests.run.commands import contents, cramboard, evaluate, lines

NEWER = VERIFIER_VERSION + 1


def mended(patch: pytest.MonkeyPatch) -> None:
    """Make this process's verifier a newer one."""
    for name in ("evaluate", "complete", "folder", "unit_files"):
        patch.setattr(sys.modules[f"cramboard.run.{name}"], "VERIFIER_VERSION", NEWER)
    patch.setattr(verifier, "VERIFIER_VERSION", NEWER)


def test_a_newer_verifier_measures_again_and_crams_nothing(
    run_copy: Path, short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, vectors = lines(run_copy), (run_copy / "vectors.safetensors").read_bytes()
    made_elsewhere = json.loads((run_copy / "run.json").read_text())
    made_elsewhere["provenance"]["device"] = "NVIDIA H100 80GB HBM3"
    (run_copy / "run.json").write_text(json.dumps(made_elsewhere))
    mended(monkeypatch)
    ended = evaluate(short_folder, run_copy, "--limit", 3)
    assert ended.code == 0
    assert "measuring again what an older verifier measured" in ended.err
    assert (run_copy / "vectors.safetensors").read_bytes() == vectors
    assert json.loads((run_copy / "summary.json").read_text())["verifier_version"] == NEWER
    assert json.loads((run_copy / "run.json").read_text()) == made_elsewhere
    after = lines(run_copy)
    assert after.keys() == before.keys()
    for sample, line in after.items():
        old, new = json.loads(before[sample]), json.loads(line)
        assert old.pop("measurement_key") != new.pop("measurement_key")
        assert old == new


def test_what_is_measured_again_is_told_and_counted_once(
    run_copy: Path, short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted, told = [], []
    monkeypatch.setattr(LiveDisplay, "verified", lambda self, record: counted.append(record.sample))
    monkeypatch.setattr(LiveDisplay, "stage", lambda self, text: told.append(text))
    mended(monkeypatch)
    ended = evaluate(short_folder, run_copy, "--limit", 3)
    assert ended.err.startswith("3 of 3 samples are finished already and kept\n")
    assert counted == []
    assert told[-3:] == [f"measured {done} of 3 again" for done in (1, 2, 3)]


def test_the_same_verifier_measures_nothing_again(run_copy: Path, short_folder: Path) -> None:
    before = lines(run_copy)
    assert evaluate(short_folder, run_copy, "--limit", 3).err == "3 of 3 samples are finished already and kept\n"
    assert lines(run_copy) == before


@pytest.mark.parametrize("command", ["verify", "view"])
def test_what_an_older_verifier_measured_is_measured_again_before_it_is_shown(
    run_copy: Path, short_folder: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    mended(monkeypatch)
    before = contents(run_copy)
    where = ("-d", short_folder) if command == "verify" else ()
    cramboard(command, run_copy, *where).refused(3, f"measured by verifier {VERIFIER_VERSION}", "keeps the vectors")
    assert contents(run_copy) == before
    assert evaluate(short_folder, run_copy, "--limit", 3).code == 0
    assert cramboard(command, run_copy, *where).code == 0
