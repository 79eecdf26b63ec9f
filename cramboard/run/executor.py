"""The seam through which units are executed. An executor owns nothing but the where and when."""

import gc
import traceback
from collections.abc import Iterator, Sequence
from typing import Protocol

import torch

from cramboard.errors import CramboardError, InputError
from cramboard.run.execute import Context, UnitFailure, UnitResult, execute
from cramboard.run.observer import Observer
from cramboard.run.units import Unit


class Executor(Protocol):
    """Executes units in any order and yields each one's end as it comes."""

    def run(self, units: Sequence[Unit], context: Context, observer: Observer) -> Iterator[UnitResult | UnitFailure]:
        """Execute `units`; a unit that fails is yielded as a failure and does not stop the others."""


class InlineExecutor:
    """Executes units one after the other in this process."""

    def run(self, units: Sequence[Unit], context: Context, observer: Observer) -> Iterator[UnitResult | UnitFailure]:
        """Execute `units`; one that fails or does not fit the device's memory is halved and goes on."""
        waiting = list(units)
        while waiting:
            unit = waiting.pop(0)
            try:
                yield execute(unit, context, observer)
            except torch.OutOfMemoryError as error:
                _let_go(error)
                if len(unit.samples) == 1:
                    yield UnitFailure(unit, "out of memory on the device with one sample; use a smaller span or k")
                else:
                    observer.notice(f"out of memory with {len(unit.samples)} samples at once; going on with half")
                    waiting[:0] = unit.halves()
            except Exception as error:  # A method is anybody's code: its faults are results, not ours.
                if isinstance(error, CramboardError) and not isinstance(error, InputError):
                    raise
                if len(unit.samples) == 1:
                    yield UnitFailure(unit, _reason(error))
                else:  # One sample's fault is not the others': halving finds it.
                    waiting[:0] = unit.halves()


def _let_go(error: BaseException) -> None:
    """Free the device memory that the failed attempt still holds through its traceback."""
    traceback.clear_frames(error.__traceback__)
    gc.collect()
    torch.cuda.empty_cache()


def _reason(error: Exception) -> str:
    if isinstance(error, InputError):
        return str(error)
    first = next(iter(str(error).splitlines()), "").encode("utf-8", "backslashreplace").decode()[:300]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
