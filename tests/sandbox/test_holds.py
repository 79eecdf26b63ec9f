"""Which cgroups are made and what the kernel's files are taken to say; on folders that stand for the kernel's."""

import errno
import fcntl
import os
from pathlib import Path

import pytest

from cramboard.sandbox import Limits, holds

LIMITS = Limits(seconds=1, memory_bytes=1_000_000, processes=8, output_bytes=1)


@pytest.fixture
def version_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree of version 2 in which our own cgroup hands nothing on, and the second above it does."""
    own = tmp_path / "system.slice" / "service" / "own"
    own.mkdir(parents=True)
    (own / "cgroup.subtree_control").write_text("")
    (own.parent / "cgroup.subtree_control").write_text("memory\n")
    (own.parent.parent / "cgroup.subtree_control").write_text("cpu memory pids\n")
    monkeypatch.setattr(holds, "_CGROUPS", tmp_path)
    monkeypatch.setattr(holds, "_own", lambda controller: None if controller else "/system.slice/service/own")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    return tmp_path / "system.slice"


def test_version_2_is_used_where_both_controllers_are_handed_on(version_2: Path) -> None:
    made = holds.hold(LIMITS)
    assert isinstance(made, holds.Cgroups)
    assert made.held_by == "cgroup v2"
    [folder] = made.folders
    assert folder.parent == version_2
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"pids.max": "9", "memory.max": "1000000"}
    made.take([12, 13])
    assert (folder / "cgroup.procs").read_text() == "13"


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("pids.events", "max 0\n", None),
        ("pids.events", "max 3\n", "started more than 8 processes and threads"),
        ("memory.events", "low 0\nhigh 0\nmax 9\noom 1\noom_kill 0\n", None),
        ("memory.events", "low 0\nhigh 0\nmax 9\noom 1\noom_kill 1\n", "used more than 1 MB of memory"),
        ("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n", "used more than 1 MB of memory"),
    ],
)
def test_what_the_kernel_refused_is_the_reason(version_2: Path, file: str, content: str, reason: str | None) -> None:
    made = holds.hold(LIMITS)
    assert isinstance(made, holds.Cgroups)
    (made.folders[0] / file).write_text(content)
    assert made.exceeded() == reason


def test_what_a_killed_caller_left_is_removed_and_what_is_in_use_is_not(version_2: Path) -> None:
    # The number in a name says nothing: it may be a process's in another container, or another process's by now.
    left, in_use = version_2 / f"cramboard_{os.getpid()}_0a", version_2 / "cramboard_999999999_0a"
    left.mkdir()
    lock = holds._begun(in_use)
    holds.hold(LIMITS)
    assert (left.exists(), in_use.exists()) == (False, True)
    os.close(lock)
    holds.hold(LIMITS)
    assert not in_use.exists()


def test_a_cgroup_that_is_swept_before_it_is_locked_is_made_again(
    version_2: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, swept = fcntl.flock, []

    def locking(descriptor: int, how: int) -> None:
        if how == fcntl.LOCK_EX and not swept:
            swept.append(version_2 / "cramboard_1_0a")
            swept[0].rmdir()
        lock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", locking)
    os.close(holds._begun(version_2 / "cramboard_1_0a"))
    assert swept[0].exists()


def test_the_kernel_is_given_time_to_let_go_of_the_last_process(
    version_2: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove, busy = Path.rmdir, [OSError(errno.EBUSY, "busy")] * 3

    def removing(folder: Path) -> None:
        if busy:
            raise busy.pop()
        remove(folder)

    folder = version_2 / "cramboard_1_0a"
    made = holds.Cgroups(LIMITS, "cgroup v2", (folder,), [holds._begun(folder)])
    monkeypatch.setattr(Path, "rmdir", removing)
    made.release()
    assert (folder.exists(), busy, made.locks) == (False, [], [])


def test_root_without_a_controller_is_refused_and_root_of_a_namespace_is_a_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holds, "_CGROUPS", tmp_path)
    monkeypatch.setattr(holds, "_own", lambda controller: None)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(holds, "_is_root_of_the_machine", lambda: True)
    assert holds.hold(LIMITS) is None
    monkeypatch.setattr(holds, "_is_root_of_the_machine", lambda: False)
    assert isinstance(holds.hold(LIMITS), holds.ResourceLimits)
