"""One attempt at a unit, and what a failed one leaves to be done: the same wherever units are executed."""

import gc
import traceback

import torch

from cramboard.errors import CramboardError, InputError
from cramboard.run.execute import Context, UnitFailure, UnitResult, execute
from cramboard.run.observer import Observer
from cramboard.run.units import Unit


def attempt(unit: Unit, context: Context, observer: Observer) -> UnitResult | UnitFailure:
    """Execute a unit; what its samples, its method or the device's memory spoil is a failure.

    Raises:
        CramboardError: What is no sample's fault and stops the run.
    """
    try:
        return execute(unit, context, observer)
    except torch.OutOfMemoryError as error:
        _let_go(error)
        reason = "out of memory on the device with one sample; use a smaller span or k"
        return UnitFailure(unit, reason, out_of_memory=True)
    except Exception as error:  # A method is anybody's code: its faults are results, not ours.
        if isinstance(error, CramboardError) and not isinstance(error, InputError):
            raise
        return UnitFailure(unit, reason_of(error))


def instead(failure: UnitFailure, observer: Observer) -> tuple[Unit, ...]:
    """Return the units to try in the place of one that failed; none if the failure stands.

    One sample's fault is not the others': halving finds it. Half of what does not fit the memory may fit.
    """
    if len(failure.unit.samples) == 1:
        return ()
    if failure.out_of_memory:
        observer.notice(f"out of memory with {len(failure.unit.samples)} samples at once; going on with half")
    return failure.unit.halves()


def reason_of(error: Exception) -> str:
    """Return what a failure says of an exception: one line."""
    if isinstance(error, InputError):
        return str(error)
    first = next(iter(str(error).splitlines()), "").encode("utf-8", "backslashreplace").decode()[:300]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def _let_go(error: BaseException) -> None:
    """Free the device memory that the failed attempt still holds through its traceback."""
    traceback.clear_frames(error.__traceback__)
    gc.collect()
    torch.cuda.empty_cache()
