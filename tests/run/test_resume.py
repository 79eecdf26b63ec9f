"""The same command typed again goes on where it stopped, whatever stopped it."""

import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import cramboard.methods as cramboard_methods
from cramboard.run import RunFolder
from cramboard.run.execute import UnitResult
from cramboard.tasks import load_task
from tests.reliability.drivers import PLUGIN, environment, words_of
from tests.run.commands import contents, cramboard, evaluate, lines, status
from tests.waiting import PATIENCE_SECONDS, wait_until

RESULTS = ("vectors.safetensors", "certificate.json", "samples.jsonl", "summary.json")
INTERRUPTED = "cramboard: interrupted; what is finished is kept, the same command goes on from there"


def interrupt_after(units: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the next runs interrupted once they have stored so many units."""
    store, stored = RunFolder.store_unit, []

    def storing(self: RunFolder, result: UnitResult) -> None:
        store(self, result)
        stored.append(result.unit)
        if len(stored) == units:
            raise KeyboardInterrupt

    monkeypatch.setattr(RunFolder, "store_unit", storing)


def forbid_decoders(monkeypatch: pytest.MonkeyPatch) -> None:
    def loading(*_: object) -> None:
        raise AssertionError("a decoder is loaded")

    monkeypatch.setattr(importlib.import_module("cramboard.run.executors.inline"), "load_decoder", loading)


def interrupted(decoder: Path, folder: Path, units: int) -> None:
    """Leave a run of three samples after so many of them."""
    with pytest.MonkeyPatch.context() as patch:
        interrupt_after(units, patch)
        ended = evaluate(decoder, folder, "--limit", 3)
    assert (ended.code, ended.out) == (130, "")
    assert ended.err.endswith(f"\n{INTERRUPTED}\n")


def same_results(folder: Path, other: Path) -> bool:
    return all((folder / name).read_bytes() == (other / name).read_bytes() for name in RESULTS)


def test_the_same_command_again_computes_nothing_and_changes_no_byte(
    short_folder: Path, run_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(run_copy)
    forbid_decoders(monkeypatch)
    ended = evaluate(short_folder, run_copy, "--limit", 3)
    assert (ended.code, ended.err) == (0, "3 of 3 samples are finished already and kept\n")
    assert contents(run_copy) == before


def test_a_higher_limit_keeps_the_lines_that_are_there_and_computes_the_others(
    short_folder: Path, finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    assert evaluate(short_folder, folder, "--limit", 1).code == 0
    first = lines(folder)
    stored = []
    store = RunFolder.store_unit

    def storing(self: RunFolder, result: UnitResult) -> None:
        stored.extend(sample.id for sample in result.unit.samples)
        store(self, result)

    monkeypatch.setattr(RunFolder, "store_unit", storing)
    ended = evaluate(short_folder, folder, "--limit", 3)
    assert (ended.code, ended.err) == (0, "1 of 3 samples are finished already and kept\n")
    assert len(stored) == 2
    assert not set(stored) & set(first)
    assert lines(folder) == lines(finished_run) == lines(folder) | first
    assert same_results(folder, finished_run)


def test_an_interrupted_run_keeps_what_is_finished_and_ends_as_if_undisturbed(
    short_folder: Path, finished_run: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    interrupted(short_folder, folder, units=1)
    assert {name.split("/")[0] for name in contents(folder)} == {"run.json", "control.safetensors", "units"}
    [kept] = (folder / "units").iterdir()
    [line] = (kept / "samples.jsonl").read_text().splitlines()
    ended = evaluate(short_folder, folder, "--limit", 3)
    assert (ended.code, ended.err) == (0, "1 of 3 samples are finished already and kept\n")
    assert line in lines(folder).values()
    assert same_results(folder, finished_run)
    assert set(contents(folder)) == set(contents(finished_run))


def test_interrupted_twice_a_run_counts_each_unit_once(short_folder: Path, finished_run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    assert evaluate(short_folder, folder, "--limit", 1).code == 0
    interrupted(short_folder, folder, units=1)
    assert evaluate(short_folder, folder, "--limit", 3).code == 0
    run = RunFolder(folder).run()
    assert sorted(sample for cost in run.units for sample in cost.samples) == sorted(run.samples)
    assert same_results(folder, finished_run)


def test_a_run_that_died_between_packing_and_removing_its_units_has_each_sample_once(
    short_folder: Path, finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    interrupted(short_folder, folder, units=3)
    shutil.copytree(folder / "units", tmp_path / "units")
    assert evaluate(short_folder, folder, "--limit", 3).code == 0
    before = contents(folder)
    shutil.copytree(tmp_path / "units", folder / "units")
    assert (status(folder)["finished"], status(folder)["samples"]) == (3, 3)
    forbid_decoders(monkeypatch)
    assert evaluate(short_folder, folder, "--limit", 3).code == 0
    assert contents(folder) == before
    assert same_results(folder, finished_run)


def test_status_before_between_and_after(short_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    cramboard("status", folder).refused(3, f"{folder}/run.json: there is no such run")
    interrupted(short_folder, folder, units=2)
    between = status(folder)
    assert (between["samples"], between["finished"], between["complete"]) == (3, 2, False)
    assert evaluate(short_folder, folder, "--limit", 3).code == 0
    after = status(folder)
    assert (after["samples"], after["finished"], after["complete"]) == (3, 3, True)
    horizons = [json.loads(line)["horizon"] for line in lines(folder).values()]
    assert after["mean_horizon"] == round(sum(horizons) / 3, 2)
    assert after["encode_seconds"] >= between["encode_seconds"] >= 0
    shown = cramboard("status", folder).out
    assert "finished        3\n" in shown
    assert "complete        True\n" in shown


def test_a_longer_run_that_is_interrupted_is_not_complete(short_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    assert evaluate(short_folder, folder, "--limit", 1).code == 0
    interrupted(short_folder, folder, units=1)
    between = status(folder)
    assert (between["samples"], between["finished"], between["complete"]) == (3, 2, False)
    said = "not complete: 2 of its 3 samples have no result yet; type the command of run.json again"
    cramboard("verify", folder, "-d", short_folder).refused(3, said)


def test_ctrl_c_ends_the_process_with_130_and_the_same_command_goes_on(
    short_folder: Path, common_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    words = words_of(short_folder, folder, "--limit", 4)
    third = [line.id for line in load_task("speeches").select(limit=4)][2]
    (tmp_path / f"hold-{third}").touch()
    # Under some shells a child is born deaf to SIGINT; a person's terminal gives this handler.
    start = "import signal, cramboard.cli as c; signal.signal(signal.SIGINT, signal.default_int_handler); c.entry()"
    with subprocess.Popen(
        [sys.executable, "-c", start, *words],
        env=os.environ | environment(tmp_path, common_cache),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            wait_until(
                lambda: (tmp_path / "made").exists() and third in (tmp_path / "made").read_text(),
                "it is at its third sample",
                going_on=lambda: process.poll() is None,
            )
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=PATIENCE_SECONDS)
        finally:
            process.kill()
    assert (process.returncode, out) == (130, "")
    assert err.strip() == INTERRUPTED
    kept = [path.read_text().strip() for path in folder.glob("units/[!.]*/samples.jsonl")]
    assert len(kept) == status(folder)["finished"] == 2
    (tmp_path / f"hold-{third}").unlink()
    monkeypatch.setattr(cramboard_methods, "__path__", [*cramboard_methods.__path__, str(PLUGIN / "methods")])
    monkeypatch.setenv("TALLY", str(tmp_path))
    ended = cramboard(*words)
    assert (ended.code, ended.err) == (0, "2 of 4 samples are finished already and kept\n")
    assert set(kept) < set(lines(folder).values())
