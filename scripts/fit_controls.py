"""Fit the constant controls of the listed decoders and put them beside their tasks (`tasks/<task>/controls`).

Run it on a GPU after a task or a listed decoder changes: python scripts/fit_controls.py [DECODER ..]
"""

import sys
import time
from pathlib import Path

import torch

from cramboard.decoders import decoder_names, find_decoder, load_decoder
from cramboard.run.control import control_file, control_vectors, write_control
from cramboard.run.observer import Observer
from cramboard.tasks import load_task, task_names

TASKS = Path(__file__).parents[1] / "tasks"
KS = (1, 2, 4, 8, 16)


def main(names: list[str]) -> None:
    """Fit what is missing; says how long each fit took."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    for name in names or decoder_names():
        decoder = load_decoder(find_decoder(name), device)
        for task in map(load_task, task_names()):
            for k in KS:
                started = time.monotonic()
                vectors = control_vectors(task, decoder, True, k, dtype, Observer())
                path = TASKS / task.spec.name / "controls" / control_file(task, decoder, True, k)
                write_control(path, vectors)
                print(f"{name} {task.spec.name} k={k}: {time.monotonic() - started:.1f} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
