"""Fit the constant controls (k = 1) of the listed decoders and put them beside their tasks.

Run it on a GPU after a task or a listed decoder changes: python scripts/fit_controls.py tasks [DECODER ..]
What is shipped already is left as it is: remove it first to fit it anew. Controls for other k are fitted by the first
run that needs them.
"""

import sys
import time
from pathlib import Path

import torch

from cramboard.decoders import decoder_names, find_decoder, load_decoder
from cramboard.run.control import control_vectors, shipped_path, write_control
from cramboard.run.observer import Observer
from cramboard.tasks import load_task, task_names


def main(tasks: Path, names: list[str]) -> None:
    """Fit what is missing and write it below `tasks`; says how long each fit took."""
    if not torch.cuda.is_available():
        sys.exit("fit_controls: no GPU here, and without one the fit would be the quick one, which is not shipped")
    for name in names or decoder_names():
        decoder = load_decoder(find_decoder(name), "cuda")
        for task in map(load_task, task_names()):
            started = time.monotonic()
            vectors = control_vectors(task, decoder, True, 1, torch.float16, Observer())
            write_control(shipped_path(tasks, task, decoder, 1), vectors)
            print(f"{name} {task.spec.name}: {time.monotonic() - started:.1f} s", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
