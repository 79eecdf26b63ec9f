"""A torn last line costs a measurement, a corrupt vector its own samples; nothing else is made again."""

import dataclasses
import importlib
import shutil
from pathlib import Path

import pytest

from cramboard.methods import Made, Request
from cramboard.run import RunFolder
from cramboard.run.execute import UnitResult
from tests.reliability.drivers import RESULTS
from tests.run.commands import contents, cramboard, evaluate

KEPT = "3 of 3 samples are finished already and kept\n"


@pytest.fixture
def asked_for(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The samples that cram is asked for, while the test runs."""
    module, asked = importlib.import_module("cramboard.methods.cram"), []

    def make(settings: object, request: Request) -> Made:
        asked.extend(assignment.sample for assignment in request.assignments)
        made: Made = kind.make(settings, request)
        return made

    kind = module.METHOD
    monkeypatch.setattr(module, "METHOD", dataclasses.replace(kind, make=make))
    return asked


@pytest.fixture(scope="module")
def three_units(
    short_folder: Path, common_cache: Path, one_thread: None, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A run whose driver ended when its three units were stored and nothing was packed."""
    folder, store = tmp_path_factory.mktemp("units") / "run", RunFolder.store_unit
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRAMBOARD_CACHE", str(common_cache))

        def storing(self: RunFolder, result: UnitResult) -> None:
            store(self, result)
            if len(list(folder.glob("units/[!.]*"))) == 3:
                raise KeyboardInterrupt

        patch.setattr(RunFolder, "store_unit", storing)
        assert evaluate(short_folder, folder, "--limit", 3).code == 130
    return folder


@pytest.fixture
def units(three_units: Path, tmp_path: Path) -> Path:
    """A copy of `three_units` that a test may damage."""
    return Path(shutil.copytree(three_units, tmp_path / "run"))


def tear(path: Path, size: int) -> None:
    """Cut the last `size` bytes off a file."""
    data = path.read_bytes()
    path.write_bytes(data[:-size])


def results(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in RESULTS}


@pytest.mark.parametrize("size", [1, 200])
def test_a_torn_line_of_a_complete_run_is_measured_again(
    short_folder: Path, run_copy: Path, finished_run: Path, asked_for: list[str], size: int
) -> None:
    path = run_copy / "samples.jsonl"
    tear(path, size)
    ended = evaluate(short_folder, run_copy, "--limit", 3)
    said = f"{path}: its last line is torn and counts as absent; finished vectors are kept\n"
    assert (ended.code, ended.err) == (
        0, KEPT + said + "measuring again what the torn lines said; the vectors stand\n"
    )  # fmt: skip
    assert asked_for == []
    assert results(run_copy) == results(finished_run)


def test_lines_that_are_whole_are_not_measured_again_beside_a_torn_one(
    short_folder: Path, run_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    renewal = importlib.import_module("cramboard.run.renew")
    verify, measured = renewal.verify, []

    def verifying(files: object, readings: list[object], *rest: object) -> object:
        measured.append(len(readings))
        return verify(files, readings, *rest)

    monkeypatch.setattr(renewal, "verify", verifying)
    tear(run_copy / "samples.jsonl", 200)
    assert evaluate(short_folder, run_copy, "--limit", 3).code == 0
    assert measured == [1]


def test_a_torn_line_of_a_unit_is_measured_again(
    short_folder: Path, units: Path, finished_run: Path, asked_for: list[str]
) -> None:
    torn = sorted(units.glob("units/[!.]*/samples.jsonl"))[1]
    tear(torn, 20)
    assert evaluate(short_folder, units, "--limit", 3).code == 0
    assert asked_for == []
    assert results(units) == results(finished_run)


def test_a_torn_line_of_costs_loses_that_cost_and_no_result(
    short_folder: Path, units: Path, finished_run: Path, asked_for: list[str]
) -> None:
    torn = sorted(units.glob("units/[!.]*/costs.jsonl"))[0]
    tear(torn, 20)
    ended = evaluate(short_folder, units, "--limit", 3)
    assert (ended.code, ended.err.splitlines()[1:]) == (
        0, [f"{torn}: its last line is torn and counts as absent; finished vectors are kept"]
    )  # fmt: skip
    assert asked_for == []
    assert results(units) == results(finished_run)
    assert len(RunFolder(units).run().units) == 2


def test_a_torn_line_of_verifications_is_left_out_and_the_new_one_added(short_folder: Path, run_copy: Path) -> None:
    path = run_copy / "verifications.jsonl"
    for _ in range(2):
        assert cramboard("verify", run_copy, "-d", short_folder, "--threads", 1).code == 0
    first, _ = path.read_text().splitlines()
    tear(path, 20)
    ended = cramboard("verify", run_copy, "-d", short_folder, "--threads", 1)
    assert (ended.code, ended.err) == (0, f"cramboard: {path}: its last line is torn and left out\n")
    assert path.read_text().splitlines() == [first, first]


@pytest.mark.parametrize("name", ["samples.jsonl", "vectors.safetensors", "certificate.json", "costs.jsonl"])
def test_a_damaged_unit_is_named_and_only_its_samples_are_made_again_once_it_is_removed(
    short_folder: Path, units: Path, finished_run: Path, asked_for: list[str], name: str
) -> None:
    damaged = sorted(units.glob(f"units/[!.]*/{name}"))[1]
    lost = {line.split('"sample":"')[1].split('"')[0] for line in [(damaged.parent / "samples.jsonl").read_text()]}
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2] ^= 0x80
    damaged.write_bytes(data)
    before = contents(units)
    ended = evaluate(short_folder, units, "--limit", 3)
    ended.refused(3, f"{damaged}", f"; or remove {damaged.parent}, and the same command makes its samples again")
    assert contents(units) == before
    shutil.rmtree(damaged.parent)
    assert evaluate(short_folder, units, "--limit", 3).code == 0
    assert set(asked_for) == lost
    assert results(units) == results(finished_run)


@pytest.mark.parametrize("name", ["vectors.safetensors", "certificate.json", "samples.jsonl"])
def test_a_damaged_file_of_a_complete_run_is_named_and_nothing_is_changed(
    short_folder: Path, run_copy: Path, asked_for: list[str], name: str
) -> None:
    data = bytearray((run_copy / name).read_bytes())
    data[len(data) // 2] ^= 0x80
    (run_copy / name).write_bytes(data)
    before = contents(run_copy)
    evaluate(short_folder, run_copy, "--limit", 3).refused(3, f"{run_copy / name}", "restore the file")
    assert contents(run_copy) == before
    assert asked_for == []


def test_a_damaged_control_is_told_from_its_sha256_whatever_it_holds_now(short_folder: Path, run_copy: Path) -> None:
    path = run_copy / "control.safetensors"
    head = b'{"control":{"dtype":"F4","shape":[2],"data_offsets":[0,1]}}'
    path.write_bytes(len(head).to_bytes(8, "little") + head + b"\0")
    before = contents(run_copy)
    ended = evaluate(short_folder, run_copy, "--limit", 4)
    said = f"{path}: not the control that run.json names; restore the file"
    ended.refused(3, said, notice=KEPT.replace("of 3", "of 4"))
    assert contents(run_copy) == before


@pytest.mark.parametrize("name", ["vectors.safetensors", "samples.jsonl"])
def test_a_lost_file_of_a_complete_run_is_named_and_nothing_is_changed(
    short_folder: Path, run_copy: Path, asked_for: list[str], name: str
) -> None:
    (run_copy / name).unlink()
    before = contents(run_copy)
    evaluate(short_folder, run_copy, "--limit", 3).refused(3, f"{run_copy / name}: there is no such")
    assert contents(run_copy) == before
    assert asked_for == []


def test_what_killed_writers_left_half_written_is_swept_away(
    short_folder: Path, units: Path, finished_run: Path
) -> None:
    (units / ".run.json.0f0f.tmp").write_text("{")
    (units / "units" / ".unit.0f0f.tmp").mkdir()
    (units / "units" / ".unit.0f0f.tmp" / "certificate.json").write_text("{")
    (units / ".units.removed").mkdir()
    assert evaluate(short_folder, units, "--limit", 3).code == 0
    assert {path.name for path in units.iterdir()} == {path.name for path in finished_run.iterdir()}
