"""What holds memory and processes of a whole tree: cgroups for root, resource limits for everybody else.

RLIMIT_NPROC does not hold for root, so root needs the pids and memory controllers, version 2 or 1. An ordinary user
may seldom write to those, but for a user RLIMIT_NPROC holds, and is counted within the sandbox's user namespace;
there the memory of each process is limited by RLIMIT_DATA and that of all together is watched.
"""

import contextlib
import errno
import fcntl
import os
import resource
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cramboard.sandbox.limits import Limits, too_many_processes, too_much_memory

_CGROUPS = Path("/sys/fs/cgroup")
_PREFIX = "cramboard_"
# A cgroup is removed once the kernel has let go of its last process, which may take a busy one a while.
_RELEASE_SECONDS = 30.0
_FIRST = 1  # bubblewrap's own process inside


class Hold(Protocol):
    """Holds the tree of processes below one."""

    held_by: str

    def take(self, pids: Sequence[int]) -> None:
        """Hold the tree whose processes, none of which is busy, are `pids`; the first one is its root."""

    def exceeded(self) -> str | None:
        """Return in one line what the tree used too much of, if it did."""

    def release(self) -> None:
        """Leave nothing behind; the tree is gone."""


def hold(limits: Limits) -> Hold | None:
    """Return what holds `limits` on this machine for this user, or None if nothing does."""
    if os.geteuid() == 0:
        _sweep()
        for kind in (_version_2, _version_1):
            with contextlib.suppress(OSError):
                if made := kind(limits):
                    return made
    return None if _is_root_of_the_machine() else ResourceLimits(limits)


@dataclass
class Cgroups:
    """Folders under /sys/fs/cgroup that the tree lives in.

    `locks` are descriptors of the folders, each locked: that tells another caller's sweep that the folder is in use.
    """

    limits: Limits
    held_by: str
    folders: tuple[Path, ...]
    locks: list[int] = field(default_factory=list)

    def take(self, pids: Sequence[int]) -> None:
        """Move them in."""
        for folder in self.folders:
            for pid in pids:
                (folder / "cgroup.procs").write_text(str(pid))

    def exceeded(self) -> str | None:
        """Ask the kernel what it refused."""
        for folder in self.folders:
            if _count(folder / "pids.events", "max"):
                return too_many_processes(self.limits)
            if _count(folder / "memory.events", "oom_kill") or _count(folder / "memory.oom_control", "oom_kill"):
                return too_much_memory(self.limits)
        return None

    def release(self) -> None:
        """Remove the folders; one that the kernel is too slow to let go of is left to the next caller's sweep."""
        deadline = time.monotonic() + _RELEASE_SECONDS
        for folder in self.folders:
            while not _removed(folder) and time.monotonic() < deadline:
                time.sleep(0.01)
        while self.locks:
            os.close(self.locks.pop())


@dataclass
class ResourceLimits:
    """RLIMIT_NPROC and RLIMIT_DATA, and a look at the whole tree's memory now and then."""

    limits: Limits
    held_by: str = "resource limits"
    _root: int = 0

    def take(self, pids: Sequence[int]) -> None:
        """Limit them; their children inherit that."""
        self._root = pids[0]
        processes, memory = self._processes(), self.limits.memory_bytes
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_NPROC, (processes, processes))
            resource.prlimit(pid, resource.RLIMIT_DATA, (memory, memory))

    def exceeded(self) -> str | None:
        """Count the tree's threads and memory."""
        pids = tree(self._root)
        if sum(map(_threads, pids)) >= self._processes():
            return too_many_processes(self.limits)
        memory = self.limits.memory_bytes
        # Resident pages are quick to read but count what processes share once for each; the shares are not.
        if sum(map(_resident_bytes, pids)) > memory and sum(map(_share_bytes, pids)) > memory:
            return too_much_memory(self.limits)
        return None

    def release(self) -> None:
        """Limits go with the processes."""

    def _processes(self) -> int:
        """One more than allowed, which is how it shows that more were wanted: the kernel counts no refusals."""
        return _FIRST + self.limits.processes + 1


def _version_2(limits: Limits) -> Cgroups | None:
    """Make a cgroup below the nearest one of ours that hands on both controllers."""
    own = _own("")
    if own is None:
        return None
    start = _CGROUPS / own.lstrip("/")
    for parent in (start, *start.parents):
        if not parent.is_relative_to(_CGROUPS):
            return None
        controllers = parent / "cgroup.subtree_control"
        if controllers.exists() and {"pids", "memory"} <= set(controllers.read_text().split()):
            return _made(limits, "cgroup v2", {parent: _settings_2(limits)})
    return None


def _settings_2(limits: Limits) -> dict[str, int]:
    return {"pids.max": _FIRST + limits.processes, "memory.max": limits.memory_bytes, "memory.swap.max": 0}


def _version_1(limits: Limits) -> Cgroups | None:
    """Make a cgroup for each of the two controllers, below ours where that is to be seen here."""
    settings = {
        "pids": {"pids.max": _FIRST + limits.processes},
        "memory": {
            "memory.limit_in_bytes": limits.memory_bytes,
            "memory.memsw.limit_in_bytes": limits.memory_bytes,
        },
    }
    parents: dict[Path, dict[str, int]] = {}
    for controller, files in settings.items():
        own = _own(controller)
        if own is None:
            return None
        below = _CGROUPS / controller / own.lstrip("/")
        parents[below if below.is_dir() else _CGROUPS / controller] = files
    return _made(limits, "cgroup v1", parents)


def _made(limits: Limits, held_by: str, parents: dict[Path, dict[str, int]]) -> Cgroups:
    """Make a cgroup in each parent with its settings; those of swap only where the kernel has them."""
    name = f"{_PREFIX}{secrets.token_hex(8)}"
    made = Cgroups(limits, held_by, tuple(parent / name for parent in parents))
    try:
        for folder, settings in zip(made.folders, parents.values(), strict=True):
            made.locks.append(_begun(folder))
            for file, value in settings.items():
                if "sw" not in file or (folder / file).exists():
                    (folder / file).write_text(str(value))
    except OSError:
        made.release()
        raise
    return made


def _begun(folder: Path) -> int:
    """Make a cgroup and return the descriptor that locks it, for as long as it is open or this process lives."""
    while True:
        folder.mkdir(exist_ok=True)
        with contextlib.suppress(FileNotFoundError):  # A sweep may be quicker than the lock.
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if folder.exists():
                return descriptor
            os.close(descriptor)


def _removed(folder: Path) -> bool:
    """Remove a cgroup; return False while a process is in it, which is all that waiting could change."""
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError as error:
        return error.errno != errno.EBUSY
    return True


def _sweep() -> None:
    """Remove what callers that were killed left: empty cgroups that nobody has locked.

    A lock says more than a process number in the name would: callers in containers that share this file system cannot
    see each other's processes, and a number may have been given to another process since.
    """
    for controller in ("", "pids", "memory"):
        own = _own(controller)
        start = _CGROUPS / controller / (own or "").lstrip("/")
        for parent in (start, *start.parents) if own is not None else ():
            for left in parent.glob(f"{_PREFIX}*") if parent.is_relative_to(_CGROUPS) else ():
                with contextlib.suppress(OSError):
                    descriptor = os.open(left, os.O_RDONLY | os.O_DIRECTORY)
                    try:
                        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        left.rmdir()
                    finally:
                        os.close(descriptor)


def _own(controller: str) -> str | None:
    """Return this process's cgroup of a version 1 controller; of version 2 for ''."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == controller:
            return path
    return None


def _is_root_of_the_machine() -> bool:
    """Return whether limits on processes do not hold for us: root, and not of a user namespace only."""
    inside, outside, _ = Path("/proc/self/uid_map").read_text().split()[:3]
    return os.geteuid() == 0 and inside == outside == "0"


def _count(file: Path, word: str) -> int:
    """Return the number after `word` in a file of the kernel; 0 if there is none."""
    with contextlib.suppress(OSError):
        for line in file.read_text().splitlines():
            name, *numbers = line.split()
            if name == word:
                return int(numbers[0])
    return 0


def tree(pid: int) -> list[int]:
    """Return `pid` and all its descendants: orphans are the first process's children."""
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        with contextlib.suppress(OSError):  # It may have ended meanwhile.
            for task in Path(f"/proc/{found[-1]}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
    return found


def _threads(pid: int) -> int:
    with contextlib.suppress(OSError):
        return len(list(Path(f"/proc/{pid}/task").iterdir()))
    return 0


def _resident_bytes(pid: int) -> int:
    with contextlib.suppress(OSError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()
    return 0


def _share_bytes(pid: int) -> int:
    """Return the process's memory with shared pages divided among those that share them."""
    return _count(Path(f"/proc/{pid}/smaps_rollup"), "Pss:") * 1024
