"""How much faster two GPUs of one machine are than one, in steady state: `python -m benchmarks.two_gpus`.

python -m benchmarks.two_gpus -d smollm2-135m-instruct-q4_1 --output benchmarks/results/two-gpus.json

256 random-words samples, drawn by the task's own rule from the seed below, are crammed with preset quick by one worker
and then by two, a GPU each. Every worker has the same batch. The clock runs from the moment at which all workers hold
the decoder and have crammed a batch (kernels are compiled, memory is at its height) to the last result; verifying is
in it, as in every run. On a machine without a GPU a tiny version shows that the script works:

python -m benchmarks.two_gpus -d FOLDER_OF_A_SMALL_DECODER --device cpu --samples 8 --batch 2 --set steps=30 --span 8
"""

import argparse
import json
import shlex
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from cramboard.run import Asked, Observer, RunFolder, evaluate, plan
from cramboard.run.execute import Context, UnitFailure, UnitResult
from cramboard.run.executors.ray import RayExecutor
from cramboard.run.units import Unit
from cramboard.tasks import load_task
from cramboard.tasks.sealing import seal

TASK = "random-words"
SEED = "two GPUs against one, steady state, first draw"


class TimedExecutor(RayExecutor):
    """A Ray executor that waits for all its workers, and keeps when each unit ended."""

    def __init__(self, workers: int) -> None:
        super().__init__(None, workers, None, None)
        self.size = workers
        self.started = 0.0
        self.ended: list[tuple[float, int]] = []

    def run(self, units: Sequence[Unit], context: Context, observer: Observer) -> Iterator[UnitResult | UnitFailure]:
        """Execute `units` once every worker is ready."""
        crew = self._ready_crew()
        while crew.idle < self.size:
            crew.staff(self.size)
            crew.ended(1.0)
        self.started, self.ended = time.monotonic(), []
        for end in super().run(units, context, observer):
            if isinstance(end, UnitFailure):
                sys.exit(f"two_gpus: a unit failed: {end.reason}")
            self.ended.append((time.monotonic(), len(end.unit.samples)))
            yield end


def main() -> None:
    """Measure one worker, then two; print and write the result."""
    asked = _arguments()
    with tempfile.TemporaryDirectory(prefix="cramboard-two-gpus-") as place:
        folder = Path(place)
        task = load_task(TASK)
        # The warm-up's samples come first, so that no timed one was crammed before.
        seal(task, "two-gpus", 2 * asked.batch + asked.samples, folder / "samples", secret=SEED)
        rows = [_measure(asked, workers, folder) for workers in (1, 2)]
        run = RunFolder(folder / "timed-2").run()
    one, two = (row["samples_per_second"] for row in rows)
    result = {
        "command": shlex.join(["python", "-m", "benchmarks.two_gpus", *sys.argv[1:]]),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "task": f"{TASK} {task.spec.version}, {asked.samples} samples drawn from the seed {SEED!r}",
        "decoder": run.decoder.model_dump(mode="json"),
        "settings": run.method.settings,
        "rows": rows,
        "times_as_fast": round(two / one, 3),
        "provenance": run.provenance.model_dump(mode="json"),
    }
    text = json.dumps(result, indent=1) + "\n"
    if asked.output is not None:
        asked.output.write_text(text, encoding="utf-8")
    print(text, end="")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.two_gpus", description="Two GPUs against one.")
    parser.add_argument("-d", "--decoder", default="smollm2-135m-instruct-q4_1", help="as in cramboard evaluate")
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"), help="cpu shows that the script works")
    parser.add_argument("--samples", type=int, default=256, help="samples that are timed; 256 by default")
    parser.add_argument("--batch", type=int, default=64, help="samples of a unit; 64 by default")
    parser.add_argument("--span", type=int, help="as in cramboard evaluate")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="as in cramboard evaluate")
    parser.add_argument("--output", type=Path, help="write the result file here")
    asked = parser.parse_args()
    if asked.samples % (2 * asked.batch):
        parser.error("--samples must be a multiple of two batches, so that both workers have the same to do")
    return asked


def _measure(asked: argparse.Namespace, workers: int, folder: Path) -> dict[str, float]:
    names = [f"sealed-{number:03d}" for number in range(2 * asked.batch + asked.samples)]
    with TimedExecutor(workers) as executor:
        for name, samples in (
            (f"warm-up-{workers}", names[: workers * asked.batch]),
            (f"timed-{workers}", names[2 * asked.batch :]),
        ):
            words = Asked(
                task=TASK,
                decoder=asked.decoder,
                method="cram",
                preset="quick",
                settings=tuple(tuple(word.split("=", 1)) for word in asked.set),
                span=asked.span,
                split="sealed",
                sealed=folder / "samples",
                sample_ids=tuple(samples),
                device=asked.device,
                batch_size=str(asked.batch),
                output_dir=folder / name,
            )
            evaluate(plan(words, executor), Observer(), executor=executor)
            print(f"{workers} worker(s), {name}: done", file=sys.stderr, flush=True)
    seconds = max(at for at, _ in executor.ended) - executor.started
    done = sum(count for _, count in executor.ended)
    return {
        "workers": workers,
        "batch": asked.batch,
        "samples": done,
        "seconds": round(seconds, 2),
        "samples_per_second": round(done / seconds, 4),
    }


if __name__ == "__main__":
    main()
