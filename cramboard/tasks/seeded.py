"""Samples that are drawn from nothing but a seed of their own."""

from collections.abc import Callable

from cramboard.keys import sha256_text
from cramboard.schema import ManifestLine
from cramboard.tasks.plan import Plan

DRAWN_ON = "2026-11-22"


def one_a_seed(task: str, plan: Plan, draw: Callable[[str], str]) -> list[tuple[ManifestLine, str]]:
    """Draw each sample of `plan` with `<plan's seed>:<sample's id>`, which is its origin; `draw` gives its content.

    There are no authors: each sample counts as its own.
    """
    drawn = []
    for number in range(plan.total):
        name = f"{task}-{number:03d}"
        seed = f"{plan.seed}:{name}"
        content = draw(seed)
        line = ManifestLine(
            id=name,
            split=plan.split_of(number),
            origin=seed,
            start=0,
            characters=len(content),
            author=name,
            date=DRAWN_ON,
            sha256=sha256_text(content),
        )
        drawn.append((line, content))
    return drawn
