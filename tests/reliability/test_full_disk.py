"""A disk that fills up: one line with the remedy, nothing half-written, and the same command goes on."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reliability.drivers import environment, words_of
from tests.run.commands import contents, evaluate, lines

SAID = "the disk is full; free some space and run the same command again"
# Room for the run's own files and a few units on a file system of 1 MiB.
ROOM = 120_000


@pytest.mark.parametrize("moment", [0, 3, 8, 15])
def test_a_full_disk_leaves_no_half_written_file_and_the_same_command_goes_on(
    short_folder: Path, finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    folder = tmp_path / "run"
    synced, fsync = [], os.fsync

    def full(descriptor: int) -> None:
        synced.append(descriptor)
        if len(synced) > moment:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        ended = evaluate(short_folder, folder, "--limit", 3)
    ended.refused(4, SAID)
    assert not [path for path in folder.rglob(".*") if path.name != ".lock"]
    whole = contents(finished_run)
    assert all(data == whole[name] for name, data in contents(folder).items() if name in whole and name != "run.json")
    assert evaluate(short_folder, folder, "--limit", 3).code == 0
    ended_with = contents(folder)
    assert {name: ended_with[name] for name in whole if name != "run.json"} == {
        name: whole[name] for name in whole if name != "run.json"
    }


@pytest.mark.sandbox
def test_a_disk_that_is_full_for_real_keeps_what_is_finished(
    short_folder: Path, common_cache: Path, tmp_path: Path
) -> None:
    (tmp_path / "disk").mkdir()
    run = tmp_path / "disk" / "run"
    words = [sys.executable, "-m", "cramboard", *words_of(short_folder, run, "--limit", 8)]
    keep = f"cp -r {run}"
    script = f"""
        head --bytes {2**20 - ROOM} /dev/zero > {tmp_path}/disk/ballast
        "$@" 2> {tmp_path}/said; echo $? >> {tmp_path}/codes
        {keep} {tmp_path}/full; rm {tmp_path}/disk/ballast
        "$@" 2>> {tmp_path}/said; echo $? >> {tmp_path}/codes
        {keep} {tmp_path}/complete
    """
    # A file system of its own, of 1 MiB, that an ordinary user may mount too.
    disk = ["bwrap", "--dev-bind", "/", "/", "--size", str(2**20), "--tmpfs", str(tmp_path / "disk")]
    done = subprocess.run(
        [*disk, "sh", "-c", script, "sh", *words],
        env=os.environ | environment(tmp_path, common_cache),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "codes").read_text().split() == ["4", "0"]
    kept = len(list(tmp_path.glob("full/units/[!.]*")))
    assert 1 <= kept < 8
    said = (tmp_path / "said").read_text().splitlines()
    assert said[0].startswith(f"cramboard: {run}")
    assert said[0].endswith(SAID)
    assert said[1:] == [f"{kept} of 8 samples are finished already and kept"]
    finished = {path.read_text().strip() for path in tmp_path.glob("full/units/[!.]*/samples.jsonl")}
    assert finished < set(lines(tmp_path / "complete").values())
    assert len((tmp_path / "made").read_text().splitlines()) == 8 + 1  # What did not fit was made twice, and no other.
    assert not [path for path in tmp_path.glob("full/**/.*") if path.name != ".lock"]
