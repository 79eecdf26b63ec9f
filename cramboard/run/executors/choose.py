"""Choose an executor by its name."""

import importlib.util
from contextlib import AbstractContextManager, nullcontext

from cramboard.errors import MachineError, UsageError
from cramboard.run.executors.inline import INLINE
from cramboard.run.executors.interface import Executor


def choose_executor(
    name: str,
    *,
    address: str | None = None,
    workers: int | None = None,
    gpus_per_worker: float | None = None,
    unit_timeout: float | None = None,
) -> AbstractContextManager[Executor]:
    """Return the executor `name`, to be entered before it is used and left when all is done.

    Args:
        name: `inline` or `ray`.
        address: Of a running Ray cluster; None starts Ray on this machine, for as long as the executor is entered.
        workers: How many workers; None takes as many as the cluster has room for.
        gpus_per_worker: The share of a GPU that a worker takes, above 0 and at most 1; None takes a whole one.
        unit_timeout: Seconds that a unit may take; None is no limit.

    Raises:
        UsageError: If a word goes with Ray alone.
        MachineError: If Ray is not installed.
    """
    if name == "inline":
        for flag, value in (
            ("--address", address),
            ("--workers", workers),
            ("--gpus-per-worker", gpus_per_worker),
            ("--unit-timeout", unit_timeout),
        ):
            if value is not None:
                raise UsageError(f"{flag} goes with --executor ray; add that, or leave it out")
        return nullcontext(INLINE)
    if importlib.util.find_spec("ray") is None:
        raise MachineError("--executor ray needs Ray, which is not installed; get it: pip install 'cramboard[ray]'")
    from cramboard.run.executors.ray import RayExecutor

    return RayExecutor(address, workers, gpus_per_worker, unit_timeout)
