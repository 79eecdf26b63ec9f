"""What a worker is given to do, and how that can end without a result of its own."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Job:
    """A call of a worker's method; `tag` tells whose it is, `seconds` how long it may take.

    One that is `of_run` waits for the run's recipe to arrive, and fails with it. While a worker is at one that is
    `alone`, it is given none ahead.
    """

    tag: Any
    method: str
    arguments: tuple[Any, ...]
    seconds: float | None = None
    of_run: bool = False
    alone: bool = False


@dataclass(frozen=True)
class Lost:
    """A job came to nothing through no fault that it could report: its worker was lost, or it took too long.

    It is `unsure` whether it was this job if another was given ahead: what ends a worker in its first moment takes with
    it what Ray has not yet sent of the end of the job before.
    """

    reason: str
    unsure: bool = False


@dataclass(frozen=True)
class Unbegun:
    """A job was given ahead, and its worker was lost before it was heard to have begun."""


@dataclass(frozen=True)
class Broken:
    """A job's result could not be had, and trying again would not help."""

    reason: str
