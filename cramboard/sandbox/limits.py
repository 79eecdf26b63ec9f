"""What is to be run, what it may use, and how it ended."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Limits:
    """What the whole tree of processes may use together.

    Attributes:
        seconds: Wall time.
        memory_bytes: Memory, its temporary files included.
        processes: Processes and threads at one time.
        output_bytes: All files in /output together.
    """

    seconds: float
    memory_bytes: int
    processes: int
    output_bytes: int


@dataclass(frozen=True)
class Handover:
    """What is given only when it is asked for, so that no work on it can pass for a part of the start.

    Attributes:
        asked_by: The file in /output that is there once it is asked for.
        give: Called then, once; puts it where it is looked for, at once.
    """

    asked_by: str
    give: Callable[[], object]


@dataclass(frozen=True)
class Command:
    """What is to be run, with what it is given.

    Attributes:
        argv: Program and its words; paths are those inside.
        readable: Path inside -> file or folder outside, seen read-only.
        output: Folder outside that what comes out of /output is copied to; made when something does.
        limits: What all of it may use.
        gpu: Whether the NVIDIA devices are there too.
        handover: What it gets once it asks.
    """

    argv: Sequence[str]
    readable: Mapping[str, Path]
    output: Path
    limits: Limits
    gpu: bool = False
    handover: Handover | None = None


@dataclass(frozen=True)
class Ended:
    """How an isolated process ended.

    Attributes:
        code: Its exit code; 128 + the signal's number when a signal ended it.
        seconds: Wall time from its first instruction to the end of its last process.
        reason: None, or in one line for its author which limit ended it or why what it left is refused. Nothing comes
            out then, nor when `code` is not 0.
        log: The end of what it printed, printable characters only.
        held_by: What held its memory and processes.
        start_seconds: Wall time of `seconds` before it asked for the handover; None if it never did.
    """

    code: int
    seconds: float
    reason: str | None
    log: str
    held_by: str = "nothing"
    start_seconds: float | None = None


def size(count: int) -> str:
    """Return a number of bytes as a person says it: '2 GB'."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= factor:
            return f"{count / factor:.3g} {unit}"
    return f"{count} bytes"


def too_long(limits: Limits) -> str:
    """Say that the time ran out."""
    return f"took longer than {limits.seconds:g} s"


def too_much_memory(limits: Limits) -> str:
    """Say that the memory ran out."""
    return f"used more than {size(limits.memory_bytes)} of memory"


def too_many_processes(limits: Limits) -> str:
    """Say that there were too many processes."""
    return f"started more than {limits.processes} processes and threads"


def too_much_output(limits: Limits) -> str:
    """Say that /output was full."""
    return f"wrote more than {size(limits.output_bytes)} to /output"
