"""A run folder is never in a state from which the run cannot go on, wherever the process died."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from cramboard.certificate import Claim, issue
from cramboard.files import sha256_file
from cramboard.run import RunFolder
from cramboard.run.execute import UnitResult
from cramboard.run.units import Unit
from cramboard.schema import RunRecord
from cramboard.tasks import Sample
from tests import records

SAMPLES = ("sample-1", "sample-2", "sample-3")


class DiedError(BaseException):
    """The process dies here; nothing that it would have done after comes to pass."""


def unit(name: str, run: RunRecord) -> UnitResult:
    """Return a made-up finished unit of one sample."""
    claim = Claim(name, "1" * 64, "2" * 64, span=8)
    vectors = torch.full((run.k, 4), float(name[-1]))
    files = issue([(claim, vectors)], task=run.task, decoder=run.decoder, method=run.method, k=run.k, seed=run.seed)
    record = records.record(name, certificate_key=files.certificate.entries[0].key)
    sample = Sample(name, "text", "1" * 64, "author", "2026", "origin", "public", "licence")
    return UnitResult(Unit((sample,)), files, (record,), records.cost([name]))


def longer(folder: Path) -> RunFolder:
    """Return a run of one sample, packed, that two units have been added to."""
    run_folder, run = RunFolder(folder), records.run(SAMPLES, units=())
    run_folder.write_run(run)
    run_folder.store_unit(unit("sample-1", run))
    run_folder.pack(run_folder.finished(), run)
    for name in SAMPLES[1:]:
        run_folder.store_unit(unit(name, run))
    return run_folder


def pack(folder: RunFolder) -> None:
    folder.pack(folder.finished(), records.run(SAMPLES))


def visible(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    }


def dying_at(count: int, patch: pytest.MonkeyPatch) -> list[str]:
    """Have the process die at its `count`th change of a folder, and at each later one; returns those before."""
    done: list[str] = []

    def guarded(name: str, change: Callable[..., Any]) -> Callable[..., Any]:
        def changing(*arguments: Any, **options: Any) -> Any:
            if len(done) >= count:
                raise DiedError
            done.append(name)
            return change(*arguments, **options)

        return changing

    for name in ("replace", "rename", "unlink", "rmdir", "mkdir"):
        patch.setattr(os, name, guarded(name, getattr(os, name)))
    return done


def pack_until(moment: int, folder: RunFolder) -> tuple[bool, list[str]]:
    """Pack, and die at a moment; say whether it came to its end before, and what was done."""
    with pytest.MonkeyPatch.context() as patch:
        done = dying_at(moment, patch)
        try:
            pack(folder)
        except DiedError:
            return False, done
    return True, done


def test_dying_at_any_moment_of_packing_loses_no_unit_and_packs_again_to_the_same_bytes(tmp_path: Path) -> None:
    longer(tmp_path / "start")
    undisturbed = RunFolder(Path(shutil.copytree(tmp_path / "start", tmp_path / "undisturbed")))
    pack(undisturbed)
    assert undisturbed.finished().samples == set(SAMPLES)
    moment, ended = 0, False
    while not ended:
        folder = RunFolder(Path(shutil.copytree(tmp_path / "start", tmp_path / f"run-{moment}")))
        ended, done = pack_until(moment, folder)
        assert ended or len(done) == moment
        kept = folder.finished()
        assert kept.samples == set(SAMPLES), done
        assert sorted(sample for cost in kept.costs for sample in cost.samples) == list(SAMPLES), done
        pack(folder)
        assert visible(folder.path) == visible(undisturbed.path), done
        moment += 1
    assert moment > 15


def test_dying_again_at_any_moment_of_packing_again_loses_no_unit(tmp_path: Path) -> None:
    start = longer(tmp_path / "start").path
    moment = 0
    while not (start / "units" / "packed").exists():
        with pytest.MonkeyPatch.context() as patch, pytest.raises(DiedError):
            dying_at(moment, patch)
            pack(RunFolder(start))
        moment += 1
    assert (start / "certificate.json").exists()
    moment, ended = 0, False
    while not ended:
        folder = RunFolder(Path(shutil.copytree(start, tmp_path / f"run-{moment}")))
        ended, done = pack_until(moment, folder)
        assert folder.finished().samples == set(SAMPLES), done
        moment += 1
    assert moment > 15


def test_dying_at_any_moment_of_storing_a_unit_leaves_it_whole_or_not_there(tmp_path: Path) -> None:
    run = records.run(SAMPLES, units=())
    moment, seen = 0, set()
    while len(seen) < 2:
        folder = RunFolder(tmp_path / f"run-{moment}")
        folder.write_run(run)
        with pytest.MonkeyPatch.context() as patch:
            dying_at(moment, patch)
            try:
                folder.store_unit(unit("sample-1", run))
            except DiedError:
                pass
        seen.add(folder.finished().samples)
        assert seen <= {frozenset(), frozenset({"sample-1"})}
        folder.store_unit(unit("sample-1", run))
        assert folder.finished().samples == {"sample-1"}
        moment += 1
    assert moment > 3


def test_dying_while_the_first_results_are_packed_after_everything_had_failed(tmp_path: Path) -> None:
    run = records.run(SAMPLES, units=())
    moment, ended = 0, False
    while not ended:
        folder = RunFolder(tmp_path / f"run-{moment}")
        folder.write_run(run)
        folder.write_summary(records.summary(run, []))
        folder.store_unit(unit("sample-1", run))
        ended, done = pack_until(moment, folder)
        assert folder.finished().samples == {"sample-1"}, done
        moment += 1
    assert moment > 5


def test_dying_while_a_run_is_cleared_leaves_a_folder_that_can_be_cleared_again(tmp_path: Path) -> None:
    longer(tmp_path / "start")
    moment, ended = 0, False
    while not ended:
        folder = RunFolder(Path(shutil.copytree(tmp_path / "start", tmp_path / f"run-{moment}")))
        with pytest.MonkeyPatch.context() as patch:
            dying_at(moment, patch)
            try:
                folder.clear()
                ended = True
            except DiedError:
                assert folder.holds_run()
        folder.check_free()
        folder.clear()
        assert visible(folder.path) == {}
        moment += 1


def test_clearing_a_run_leaves_what_is_not_its_own(tmp_path: Path) -> None:
    folder = longer(tmp_path / "run")
    (folder.path / "notes.txt").write_text("mine")
    folder.clear()
    assert visible(folder.path) == {"notes.txt": b"mine"}


def test_a_longer_run_has_no_summary_until_its_own_is_written(tmp_path: Path) -> None:
    folder = longer(tmp_path / "run")
    sealed = sha256_file(folder.path / "samples.jsonl")
    shorter = records.summary(records.run(["a"]), [records.record("a")])
    folder.write_summary(shorter.model_copy(update={"samples_sha256": sealed}))
    pack(folder)
    assert not (folder.path / "summary.json").exists()
