"""Plan 50,000 units and resume from as many.

python -m benchmarks.planning [--units N] [--finished N]

A run folder with made-up finished units is written first (not timed); then a process of its own that has imported
everything plans all units as a new run does, reads the folder and plans the rest as a resumed one does, and says the
seconds of each and the most memory that it held. On a busy machine the processor's share (`of_it_computing_seconds`)
says more than the wall clock. The texts' tokens are counted after this, by the decoder.
"""

import argparse
import json
import multiprocessing
import os
import resource
import tempfile
import time
from pathlib import Path

from benchmarks.made_up import made_up_plan, made_up_result
from cramboard.run.plan import same_run
from cramboard.run.record import cover
from cramboard.run.units import Unit
from tests import records


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.planning", description="Plan and resume many units.")
    parser.add_argument("--units", type=int, default=50_000, help="units of the run; 50,000 by default")
    parser.add_argument("--finished", type=int, help="how many of them are finished; all but 100 by default")
    asked = parser.parse_args()
    finished = max(0, asked.units - 100) if asked.finished is None else asked.finished
    with tempfile.TemporaryDirectory(prefix="cramboard-planning-") as folder:
        fork = multiprocessing.get_context("spawn")
        for role in (_write, _measure):
            process = fork.Process(target=role, args=(Path(folder), asked.units, finished))
            process.start()
            process.join()


def _write(folder: Path, units: int, finished: int) -> None:
    os.fsync = lambda descriptor: None  # type: ignore[assignment]
    plan = made_up_plan(folder, units, _TEXT)
    for sample in plan.samples[:finished]:
        plan.folder.store_unit(made_up_result(Unit((sample,)), plan))
    made = made_up_result(Unit(plan.samples[:1]), plan).files.certificate
    names = [sample.id for sample in plan.samples]
    plan.folder.write_run(records.run(names, task=made.task, decoder=made.decoder, method=made.method, units=()))


def _measure(folder: Path, units: int, finished: int) -> None:
    started = time.perf_counter()
    plan = made_up_plan(folder, units, _TEXT)
    made = time.perf_counter()
    new = plan.units(frozenset())
    planned = time.perf_counter()
    computed = time.process_time()
    kept = plan.folder.finished_samples()
    computed = time.process_time() - computed
    read = time.perf_counter()
    same_run(plan)
    rest = plan.units(kept)
    cover(plan, kept)
    resumed = time.perf_counter()
    facts = {
        "units": len(new),
        "finished": len(kept),
        "left": len(rest),
        "make_the_samples_seconds": round(made - started, 2),
        "plan_a_new_run_seconds": round(planned - made, 2),
        "read_what_is_finished_seconds": round(read - planned, 2),
        "of_it_computing_seconds": round(computed, 2),
        "plan_the_rest_seconds": round(resumed - read, 2),
        "most_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    assert len(rest) == units - finished
    print(json.dumps(facts, indent=1))


_TEXT = "A made-up text that stands for one of the usual length. " * 40


if __name__ == "__main__":
    main()
