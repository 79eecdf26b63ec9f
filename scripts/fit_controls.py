"""Fit the constant controls of the listed decoders and put them beside their tasks.

Run it on a GPU after a task or a listed decoder changes, for every k of leaderboard/matrix.yaml:

    python scripts/fit_controls.py tasks -k 1 -k 2 -k 4 -k 8 -k 16 [--task TASK ..] [--decoder DECODER ..]
    python scripts/fit_controls.py tasks -k 1 -k 2 --check 4

What is shipped already is left as it is: remove it first to fit it anew; so the same command goes on where it stopped.
`--check N` fits nothing and needs no GPU: it says what each control gains on the first N public samples at the fixed
lengths, in bits for all its vectors together. One that loses there has learnt its own texts by heart, and the exit code
is 1. Controls that are not shipped are fitted by the first run that needs them.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import torch

from cramboard.decoders import Decoder, decoder_names, find_decoder, load_decoder
from cramboard.errors import CramboardError, MachineError
from cramboard.reading import tokens_of
from cramboard.run.control import control_vectors, read_control, shipped_path, write_control
from cramboard.run.observer import Observer
from cramboard.tasks import Task, read_task
from cramboard.verify.measures import information_gain
from cramboard.verify.scoring import score


def main() -> int:
    """Fit what is missing, or check what there is; says how long each fit took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the folder of tasks")
    parser.add_argument("--task", action="append", help="only this task (may be repeated)")
    parser.add_argument("--decoder", action="append", help="only this listed decoder (may be repeated)")
    parser.add_argument("-k", type=int, action="append", help="vectors a control (may be repeated); 1 by default")
    parser.add_argument("--check", type=int, metavar="N", help="score the controls on the first N public samples")
    parser.add_argument("--device", default="cpu", help="where --check computes; a fit wants a GPU")
    asked = parser.parse_args()
    if asked.check is not None and asked.check < 1:
        parser.error(f"--check {asked.check}: at least one sample is needed")
    ks = asked.k or [1]
    try:
        built = sorted(path.parent for path in asked.folder.glob("[!.]*/manifest.jsonl"))
        tasks = [read_task(folder) for folder in built if asked.task is None or folder.name in asked.task]
        if asked.check is None:
            fit(asked.folder, tasks, asked.decoder or decoder_names(), ks)
            return 0
        lost = False
        for name in asked.decoder or decoder_names():
            decoder = load_decoder(find_decoder(name), asked.device)
            for task in tasks:
                for line, loses in check(asked.folder, task, decoder, ks, asked.check):
                    print(f"{name} {line}", flush=True)
                    lost = lost or loses
        return int(lost)
    except CramboardError as error:
        print(f"fit_controls: {error}", file=sys.stderr)
        return error.exit_code


def fit(folder: Path, tasks: list[Task], names: tuple[str, ...] | list[str], ks: list[int]) -> None:
    """Fit what is missing below `folder`.

    Raises:
        MachineError: If there is no GPU.
    """
    if not torch.cuda.is_available():
        raise MachineError("no GPU here, and without one the fit would be the quick one, which is not shipped")
    for name in names:
        decoder = load_decoder(find_decoder(name), "cuda")
        for k in ks:
            for task in tasks:
                path = shipped_path(folder, task, decoder, k)
                if path.exists():
                    continue
                started = time.monotonic()
                # bfloat16 has float32's range: no decoder overflows, and a fit needs no more precision.
                write_control(path, control_vectors(task, decoder, True, k, torch.bfloat16, Observer()))
                print(f"{name} {task.spec.name} k={k}: {time.monotonic() - started:.1f} s", flush=True)


def check(folder: Path, task: Task, decoder: Decoder, ks: list[int], samples: int) -> Iterator[tuple[str, bool]]:
    """Yield for each k what the control gains, in words, and whether it loses bits at some fixed length."""
    texts = [tokens_of(sample, decoder).ids for sample in task.samples(limit=samples)]
    longest = max(task.spec.lengths)
    tokens = [torch.tensor(ids[:longest], device=decoder.device) for ids in texts]
    without = [score(decoder, ids, None).bits for ids in tokens]
    for k in ks:
        path = shipped_path(folder, task, decoder, k)
        if not path.exists():
            yield f"{task.spec.name} k={k}: not fitted", True
            continue
        control = read_control(path, k, decoder.d)
        held = [score(decoder, ids, control).bits for ids in tokens]
        means = {}
        for length in task.spec.lengths:
            gains = [information_gain(a, b, length) for a, b in zip(without, held, strict=True) if len(a) >= length]
            if gains:
                means[length] = sum(gains) / len(gains)
        words = ", ".join(f"{mean:.1f} at {length}" for length, mean in means.items())
        yield (
            f"{task.spec.name} k={k}: bits gained on {len(tokens)} samples: {words}",
            any(mean < 0 for mean in means.values()),
        )


if __name__ == "__main__":
    sys.exit(main())
