"""What the driver costs when units are tiny: `python -m benchmarks.overhead [--units N] [--workers N] [--seconds S]`.

Workers do not compute here: each unit sleeps for S seconds and then gives a made-up result of a real one's size. All
else is as in a run: the order, the calls through Ray, the results' way back, and the driver's storing of every unit,
synced to the disk. The ideal is units x S / workers; the overhead is what the wall clock adds to it, from the moment
at which all workers are ready to the last stored unit.
"""

import argparse
import json
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from benchmarks.made_up import made_up_plan, made_up_result
from cramboard.decoders import DecoderPlace
from cramboard.run import Observer, Plan
from cramboard.run.execute import UnitFailure, UnitResult
from cramboard.run.executors import crew as crews
from cramboard.run.executors.ray import RayExecutor
from cramboard.run.executors.worker import DecoderRecipe, RunRecipe, Worker
from cramboard.run.units import Unit


class SleepingWorker(Worker):
    """A worker that holds no decoder and sleeps instead of computing."""

    def _load(self) -> Any:
        """Load nothing."""

    def begin(self, run: RunRecipe) -> None:
        """Hear how long a unit takes, and of which plan it is."""
        self._seconds: float = run.shared["seconds"]
        self._plan: Plan = run.shared["plan"]

    def execute(self, unit: Unit, begun: None) -> UnitResult:
        """Sleep; the making of the result is part of the unit's time."""
        until = time.monotonic() + self._seconds
        result = made_up_result(unit, self._plan)
        time.sleep(max(0.0, until - time.monotonic()))
        return result


@dataclass(frozen=True)
class SleepingContext:
    """What of a run's context an executor looks at, and what the workers need."""

    plan: Plan
    seconds: float
    spans: dict[str, int]
    fixed_units: bool = True
    decoder: Any = field(default_factory=lambda: SimpleNamespace(layout="anchored", suffix=()))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overhead", description="The driver's cost a unit.")
    parser.add_argument("--units", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=0.1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cramboard-overhead-") as folder:
        plan = made_up_plan(Path(folder), asked.units, "A made-up text. " * 100)
        wall, storing = _measure(plan, asked.workers, asked.seconds)
    ideal = asked.units * asked.seconds / asked.workers
    facts = {
        "units": asked.units,
        "workers": asked.workers,
        "unit_seconds": asked.seconds,
        "ideal_seconds": round(ideal, 2),
        "wall_seconds": round(wall, 2),
        "overhead": f"{wall / ideal - 1:.1%}",
        "storing_milliseconds_a_unit": round(1000 * storing / asked.units, 2),
    }
    print(json.dumps(facts, indent=1))


def _measure(plan: Plan, workers: int, seconds: float) -> tuple[float, float]:
    """Return the wall-clock seconds of all units, and those of them that the driver stored results in."""
    crews.Worker = SleepingWorker  # type: ignore[misc]
    with RayExecutor(None, workers, None, None) as executor:
        # What `load` would set, for a decoder that nobody loads.
        executor._recipe = DecoderRecipe(DecoderPlace("none", Path("none")), "cpu", "sdpa", "0" * 64, 1, 1.0, True)
        crew = executor._ready_crew()
        while crew.idle < workers:
            crew.staff(workers)
            crew.ended(1.0)
        context: Any = SleepingContext(plan, seconds, {sample.id: 64 for sample in plan.samples})
        started, storing = time.monotonic(), 0.0
        for end in executor.run(plan.units(frozenset()), context, Observer()):
            if isinstance(end, UnitFailure):
                raise SystemExit(f"overhead: {end.reason}")
            before = time.monotonic()
            plan.folder.store_unit(end)
            storing += time.monotonic() - before
        return time.monotonic() - started, storing


if __name__ == "__main__":
    main()
