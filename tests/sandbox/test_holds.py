"""Which cgroups are made and what the kernel's files are taken to say; on folders that stand for the kernel's."""

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


def test_what_a_killed_caller_left_is_removed(version_2: Path) -> None:
    left, ours = version_2 / "cramboard-999999999-0a", version_2 / "cramboard-1-0a"
    left.mkdir()
    ours.mkdir()
    holds.hold(LIMITS)
    assert (left.exists(), ours.exists()) == (False, True)


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
