"""Make the runs of a matrix one after the other in one process, within a time, and go on where an earlier one stopped.

Every run goes through `plan_all` and `evaluate_all`, as the command's do; a decoder that is loaded stays so from one
run to the next. Nothing that fails stops the others.
"""

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from cramboard.decoders import Decoder
from cramboard.errors import CramboardError, MachineError
from cramboard.files import data_folder
from cramboard.run.asked import Asked
from cramboard.run.curve import evaluate_all, plan_all
from cramboard.run.evaluate import Outcome, load
from cramboard.run.executors import INLINE
from cramboard.run.folder import SUMMARY, RunFolder
from cramboard.run.observer import Observer
from cramboard.run.plan import Plan
from cramboard.schema import Cell

End = Literal["done", "kept", "failed", "skipped", "no time"]
# A unit may take this much longer than those before it.
_MARGIN = 1.15


@dataclass(frozen=True)
class Ended:
    """How a cell ended, in words; `outcomes` are its runs, where it has any."""

    cell: Cell
    end: End
    words: str
    outcomes: tuple[Outcome, ...] = ()


class _OutOfTimeError(Exception):
    """The next unit would not be finished in time; what is stored is kept."""


def fill(
    cells: Sequence[Cell], runs: Path, device: str, stop_after: float, clock: Callable[[], float] = time.monotonic
) -> Iterator[Ended]:
    """Make every cell's runs in `runs`, in order, and yield each cell as it ends.

    Args:
        cells: What to make.
        runs: The folder below which each cell's run has a folder of its name.
        device: What to compute on.
        stop_after: Seconds after which no unit should still be running. One that is expected to is not begun; a
            smaller one after it may be.
        clock: Tells the seconds.

    Raises:
        MachineError: If the device no longer answers.
    """
    watch = _Watch(clock, clock() + stop_after)
    decoders: dict[str, Decoder] = {}
    for cell in cells:
        yield _end(cell, runs, device, watch, decoders)
        gc.collect()
        if device.startswith("cuda"):
            _check_answers(device)


def folder_of(cell: Cell, runs: Path) -> Path:
    """Return the folder of a cell's run, or of its curve's runs."""
    return runs / cell.name


def asked_of(cell: Cell, runs: Path, device: str) -> Asked:
    """Return the cell as what a person would ask for."""
    method = cell.method
    if method.startswith("submissions/"):
        method = str(data_folder("submissions") / method.removeprefix("submissions/"))
    return Asked(
        task=cell.task,
        decoder=cell.decoder,
        method=method,
        preset=cell.preset,
        k=cell.k,
        span=cell.span,
        seed=cell.seed,
        limit=cell.limit,
        device=device,
        batch_size="auto" if cell.batch is None else str(cell.batch),
        output_dir=folder_of(cell, runs),
    )


class _Watch(Observer):
    """Counts a run's samples and seconds, and stops it before a unit that would not be finished in time."""

    def __init__(self, clock: Callable[[], float], stop: float) -> None:
        self._clock, self._stop = clock, stop
        self._measured: dict[tuple[object, ...], list[float]] = {}
        self._left = self._batch = 0
        self._since = 0.0
        self._cell: Cell | None = None

    def begin(self, cell: Cell, batch: int) -> None:
        """A cell of units of `batch` samples begins: only while there is time, as even to load a decoder takes some."""
        self._cell, self._batch = cell, batch
        if self._clock() >= self._stop:
            raise _OutOfTimeError("no time is left")

    def planned(self, samples: int, finished: int) -> None:
        """A run of the cell begins."""
        self._left = samples - finished
        self._check()

    def kept(self, samples: int) -> None:
        """A unit is stored: what a sample took tells what the next ones will."""
        assert self._cell is not None
        self._measured.setdefault(_alike(self._cell), []).append((self._clock() - self._since) / samples)
        self._left -= samples
        self._check()

    def failed(self, sample: str, reason: str) -> None:
        """A sample has no result; what it took tells nothing of the others."""
        self._left -= 1
        self._check()

    def seconds(self) -> float:
        """Return what a sample of the cell is expected to take."""
        assert self._cell is not None
        measured = self._measured.get(_alike(self._cell), [])
        # The first unit of a kind also loads and compiles.
        return min(measured) if measured else self._cell.seconds

    def _check(self) -> None:
        needed = self.seconds() * min(self._batch, self._left) * _MARGIN
        if self._left and self._clock() + needed > self._stop:
            raise _OutOfTimeError(
                f"{needed:.0f} s more are needed, {max(0.0, self._stop - self._clock()):.0f} s are left"
            )
        self._since = self._clock()


def _alike(cell: Cell) -> tuple[object, ...]:
    """Cells that agree in this take about the same time a sample."""
    return (cell.decoder, cell.method, cell.preset, cell.k, cell.span)


def _end(cell: Cell, runs: Path, device: str, watch: _Watch, decoders: dict[str, Decoder]) -> Ended:
    try:
        plans = plan_all(asked_of(cell, runs, device))
        if all(_is_complete(one) for one in plans):
            return Ended(cell, "kept", "finished before")
    except CramboardError as error:
        return Ended(cell, "skipped", str(error))
    try:
        watch.begin(cell, plans[0].batch_size)
        decoder = load(plans[0], watch, INLINE, decoders.get(cell.decoder))
        decoders[cell.decoder] = decoder
        outcomes = evaluate_all(plans, watch, decoder=decoder)
    except _OutOfTimeError as error:
        return Ended(cell, "no time", str(error))
    except Exception as error:  # A method is anybody's code; the other cells go on.
        said = " ".join(str(error).split()) or type(error).__name__
        return Ended(cell, "failed", said if isinstance(error, CramboardError) else f"{type(error).__name__}: {said}")
    failures = [failure for outcome in outcomes for failure in outcome.failures]
    if failures:
        words = f"{len(failures)} samples failed, the first {failures[0].sample}: {failures[0].reason}"
        return Ended(cell, "failed", words, outcomes)
    return Ended(cell, "done", _words(outcomes), outcomes)


def _is_complete(plan: Plan) -> bool:
    """Say whether a run is finished, without failures, measured by this verifier, and as it was stored."""
    if not plan.folder.holds_run() or not (plan.folder.path / SUMMARY).exists():
        return False
    return {sample.id for sample in plan.samples} <= (plan.folder.untouched_samples() or frozenset())


def _words(outcomes: Sequence[Outcome]) -> str:
    first = outcomes[0]
    costs = [unit for outcome in outcomes for unit in RunFolder(outcome.folder).run().units]
    horizon = first.summary.measures["tokens_per_vector"]
    spans = f", {len(outcomes)} spans" if len(outcomes) > 1 else ""
    return (
        f"{first.summary.samples} samples{spans}, making {sum(unit.encode_seconds for unit in costs):.1f} s, verifying "
        f"{sum(unit.verify_seconds for unit in costs):.1f} s, {horizon.mean:.1f} tokens per vector "
        f"[{horizon.low:.1f}, {horizon.high:.1f}]"
    )


def _check_answers(device: str) -> None:
    """Refuse to go on with a device that a kernel has left in a state of error.

    Raises:
        MachineError: In one line.
    """
    try:
        torch.cuda.synchronize(device)
        torch.cuda.empty_cache()
    except RuntimeError as error:
        said = str(error).splitlines()[0]
        raise MachineError(f"{device} no longer answers ({said}); type the command again") from None
