"""The units of a run on workers: which wait, which are out, and what becomes of those that come back."""

from collections import Counter, deque
from collections.abc import Sequence
from typing import Any

from cramboard.errors import CramboardError
from cramboard.run.execute import Context, UnitFailure, UnitResult
from cramboard.run.executors.attempt import instead
from cramboard.run.executors.jobs import Broken, Lost, Unbegun
from cramboard.run.executors.sharing import longest_first, share_out
from cramboard.run.observer import Observer
from cramboard.run.units import Unit

# How often a sample is tried whose worker is lost, and a unit of several before it is halved.
TRIES, _TRIES_TOGETHER = 3, 2


class Work:
    """The units of a run: which wait, which are out, and what becomes of those that come back."""

    def __init__(self, units: Sequence[Unit], context: Context, observer: Observer) -> None:
        self._context, self._observer = context, observer
        self._waiting = deque(longest_first(units, context.spans))
        self._shared_out = context.fixed_units
        self._out = 0
        self._losses: Counter[str] = Counter()
        self._returned: set[str] = set()
        self._stop: CramboardError | None = None

    @property
    def open(self) -> bool:
        """Whether a unit waits or is out."""
        return bool(self._waiting or self._out)

    def share_out(self, workers: int) -> int:
        """Cut the last units, once, so that each of `workers` has its part; return how many workers are useful."""
        if not self._shared_out and len(self._waiting) < workers:
            self._waiting = deque(share_out(self._waiting, workers, self._context.spans))
            self._shared_out = True
        return len(self._waiting) + self._out

    def take(self) -> Unit | None:
        """Return the next unit, None if there is none."""
        if not self._waiting:
            return None
        self._out += 1
        return self._waiting.popleft()

    def take_ahead(self, workers: int) -> Unit | None:
        """Return the next unit if it may wait behind another on one of `workers`; None if it may not.

        The last units, one for each worker, wait for whichever is free first. One that came back waits for an idle
        worker, too.
        """
        if len(self._waiting) <= workers or self.came_back(self._waiting[0]):
            return None
        return self.take()

    def came_back(self, unit: Unit) -> bool:
        """Say whether a unit was on a worker that was lost; it is to be alone on the next one, none before or behind.

        So it is known from then on which unit a worker was lost with; before, one that is unsure is not counted.
        """
        return unit.name in self._returned

    def end(self, unit: Unit, result: Any) -> list[UnitResult | UnitFailure]:
        """Return what is final of a unit that came back: nothing, if it or its halves are to be tried again."""
        self._out -= 1
        if isinstance(result, CramboardError):
            self._stop = result
            return []
        if isinstance(result, Unbegun):
            self._returned.add(unit.name)
            self._waiting.appendleft(unit)
            return []
        if isinstance(result, Lost):
            self._returned.add(unit.name)
            self._losses[unit.name] += not result.unsure
            if self._losses[unit.name] < (TRIES if len(unit.samples) == 1 else _TRIES_TOGETHER):
                self._observer.notice(f"{_named(unit)}: {result.reason}; trying again on another")
                self._waiting.appendleft(unit)
                return []
            result = UnitFailure(unit, f"{result.reason}, {self._losses[unit.name]} times")
        if isinstance(result, Broken):
            result = UnitFailure(unit, result.reason)
        halves = instead(result, self._observer) if isinstance(result, UnitFailure) else ()
        self._waiting.extendleft(reversed(halves))
        return [] if halves else [result]

    def check(self) -> None:
        """Raise the error that a worker met and that stops the run; called when what has ended is stored.

        Raises:
            CramboardError: If there is one.
        """
        if self._stop is not None:
            raise self._stop


def _named(unit: Unit) -> str:
    more = f" and {len(unit.samples) - 1} more" if len(unit.samples) > 1 else ""
    return f"sample {unit.samples[0].id}{more}"
