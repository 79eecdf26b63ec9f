"""Look at the processes of this machine, by /proc."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A process that was seen: its number, when it started (a number may be given out again), its parent, its name."""

    pid: int
    started: int
    parent: int
    name: str


def alive() -> dict[int, Process]:
    """Return every process that is not merely waiting to be forgotten, by its number."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            fields = (path / "stat").read_text().rsplit(")", 1)[1].split()
            name = (path / "cmdline").read_bytes().split(b"\0")[0].decode()
        except OSError:
            continue  # It has ended.
        if fields[0] != "Z":
            found[int(path.name)] = Process(int(path.name), int(fields[19]), int(fields[1]), name)
    return found


def still_there(process: Process) -> bool:
    """Say whether a process that was seen has not ended yet."""
    now = alive().get(process.pid)
    return now is not None and now.started == process.started


def below(pid: int) -> list[Process]:
    """Return the living descendants of a process."""
    there, found, parents = alive(), [], {pid}
    while parents:
        children = [process for process in there.values() if process.parent in parents]
        parents = {process.pid for process in children}
        found += children
    return found


def resident_mebibytes(pid: int) -> float:
    """Return a process's resident memory; 0 if it has ended."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * 4096 / 2**20


def open_files(pid: int) -> int:
    """Return how many files a process has open; 0 if it has ended."""
    try:
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except OSError:
        return 0
