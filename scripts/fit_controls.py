"""Fit the constant controls of the listed decoders and put them beside their tasks.

Run it on a GPU after a task or a listed decoder changes:

    python scripts/fit_controls.py tasks [--task TASK ..] [--decoder DECODER ..] [-k K ..]

What is shipped already is left as it is: remove it first to fit it anew. Controls that are not shipped are fitted by
the first run that needs them.
"""

import argparse
import sys
import time
from pathlib import Path

import torch

from cramboard.decoders import decoder_names, find_decoder, load_decoder
from cramboard.run.control import control_vectors, shipped_path, write_control
from cramboard.run.observer import Observer
from cramboard.tasks import read_task


def main() -> None:
    """Fit what is missing and write it below the folder of tasks; says how long each fit took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the folder of tasks")
    parser.add_argument("--task", action="append", help="only this task (may be repeated)")
    parser.add_argument("--decoder", action="append", help="only this listed decoder (may be repeated)")
    parser.add_argument("-k", type=int, action="append", help="vectors a control (may be repeated); 1 by default")
    asked = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("fit_controls: no GPU here, and without one the fit would be the quick one, which is not shipped")
    built = sorted(path.parent for path in asked.folder.glob("[!.]*/manifest.jsonl"))
    tasks = [read_task(folder) for folder in built if asked.task is None or folder.name in asked.task]
    for name in asked.decoder or decoder_names():
        decoder = load_decoder(find_decoder(name), "cuda")
        for k in asked.k or [1]:
            for task in tasks:
                started = time.monotonic()
                # bfloat16 has float32's range: no decoder overflows, and a fit needs no more precision.
                vectors = control_vectors(task, decoder, True, k, torch.bfloat16, Observer())
                write_control(shipped_path(asked.folder, task, decoder, k), vectors)
                print(f"{name} {task.spec.name} k={k}: {time.monotonic() - started:.1f} s", flush=True)


if __name__ == "__main__":
    main()
