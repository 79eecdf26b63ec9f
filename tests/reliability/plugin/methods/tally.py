"""`tally`: cram that writes down whom it is asked for, and meets the accidents that are laid out for it.

The folder that TALLY names holds `made`, a line for every sample that a method was asked for, and the accidents: a file
`KIND-SAMPLE` happens to whoever is asked for that sample: `kill` and `hang` once, `die`, `fail` and `large` each time.
`hold` lasts until the file is taken away: a run is at that sample for as long as a test wants to look at it.
"""

import dataclasses
import gc
import os
import signal
import time
from pathlib import Path

import torch

from cramboard.methods import Made, Request
from cramboard.methods.cram import METHOD as CRAM
from cramboard.methods.cram.settings import CramSettings


def make(settings: CramSettings, request: Request) -> Made:
    if (
        not gc.get_freeze_count()
    ):  # Cram collects garbage after each unit: what is imported is most of a tiny one's time.
        gc.freeze()
    place = Path(os.environ["TALLY"])
    samples = [assignment.sample for assignment in request.assignments]
    with (place / "made").open("ab", buffering=0) as file:
        file.write("".join(f"{sample} {os.getpid()}\n" for sample in samples).encode())
    for sample in samples:
        _meet(place, sample, len(samples))
    return CRAM.make(settings, request)


def _meet(place: Path, sample: str, together: int) -> None:
    while (place / f"hold-{sample}").exists():
        time.sleep(0.01)
    if (place / f"fail-{sample}").exists():
        raise RuntimeError("laid out to fail")
    if (place / f"large-{sample}").exists() and together > 1:
        raise torch.OutOfMemoryError("laid out to be too large")
    if _taken(place / f"kill-{sample}") or (place / f"die-{sample}").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    if _taken(place / f"hang-{sample}"):
        time.sleep(3600)


def _taken(accident: Path) -> bool:
    """Take an accident away, so that it happens once; say whether it was there."""
    try:
        accident.unlink()
    except FileNotFoundError:
        return False
    return True


METHOD = dataclasses.replace(CRAM, make=make)
