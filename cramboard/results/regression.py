"""The slope of one measure of texts on another, with a bootstrap that draws authors within each task.

The tasks are few and chosen, not drawn: every draw has all of them. Within a task whole authors are drawn, since texts
of one author resemble each other.

Sources: least squares; Field and Welsh, "Bootstrapping clustered data" (Journal of the Royal Statistical Society B,
2007) for the resampling of whole clusters; `bootstrap.py` for what a percentile interval cannot do.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cramboard.results.bootstrap import DRAWS, LEVEL, SEED


@dataclass(frozen=True)
class Observation:
    """One text: its task, its author, and the two measures."""

    task: Hashable
    author: Hashable
    x: float
    y: float


@dataclass(frozen=True)
class Slope:
    """`dy / dx` by least squares, its 95% interval, and the slopes of the draws that it comes from, `[DRAWS]`."""

    slope: float
    low: float
    high: float
    draws: NDArray[np.float64]


def slope(observations: Sequence[Observation], within: bool = False) -> Slope:
    """Return the slope of y on x over texts of all tasks, each text counting the same.

    Over all tasks together it is `S_xy / S_xx` with `S_xy = sum (x - mean x)(y - mean y)`. `within` lets each task have
    a level of its own: the means are the task's, and both sums run over tasks. Draw b picks, in each task, as many
    authors as it has, uniformly with replacement, and is the slope over the texts of the drawn authors; the interval is
    the 2.5% and the 97.5% quantile of 10,000 draws. A task of one author resamples its texts instead.

    The same observations in the same order give the same result on every machine.

    Raises:
        ValueError: If x does not vary (`within`: in no task).
    """
    # Sums about the grand means keep their digits.
    center_x = math.fsum(one.x for one in observations) / max(1, len(observations))
    center_y = math.fsum(one.y for one in observations) / max(1, len(observations))
    random = np.random.RandomState(SEED)
    whole, drawn = [], []
    for task in dict.fromkeys(one.task for one in observations):
        sums = _sums([one for one in observations if one.task == task], center_x, center_y)
        picked = (random.random_sample((DRAWS, len(sums))) * len(sums)).astype(np.intp)
        whole.append(sums.sum(axis=0)[None])
        drawn.append(sums[picked].sum(axis=1))
    if not whole:
        raise ValueError("a slope needs texts")
    found = float(_slopes(whole, within)[0])
    if not math.isfinite(found):
        raise ValueError("a slope needs texts that differ")
    slopes = _slopes(drawn, within)
    # A draw may pick one author alone wherever x varies: it has no slope, and says nothing.
    slopes = slopes[np.isfinite(slopes)]
    low, high = (float(value) for value in np.quantile(slopes, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]))
    return Slope(found, min(low, found), max(high, found), slopes)


def _sums(observations: Sequence[Observation], center_x: float, center_y: float) -> NDArray[np.float64]:
    """Return n and the sums of x, y, x^2 and xy of each author of a task, `[A, 5]`."""
    authors = {one.author for one in observations}
    groups: dict[Hashable, list[tuple[float, ...]]] = {}
    for at, one in enumerate(observations):
        x, y = one.x - center_x, one.y - center_y
        groups.setdefault(one.author if len(authors) > 1 else at, []).append((1.0, x, y, x * x, x * y))
    return np.array([[math.fsum(column) for column in zip(*group, strict=True)] for group in groups.values()])


def _slopes(tasks: Sequence[NDArray[np.float64]], within: bool) -> NDArray[np.float64]:
    """Return `S_xy / S_xx` of each draw from the sums of each task, each `[draws, 5]`; NaN where x does not vary."""
    parts = tasks if within else [np.sum(tasks, axis=0)]
    shared = sum(part[:, 4] - part[:, 1] * part[:, 2] / part[:, 0] for part in parts)
    spread = np.asarray(sum(part[:, 3] - part[:, 1] ** 2 / part[:, 0] for part in parts))
    size = np.asarray(sum(part[:, 3] for part in parts))
    with np.errstate(divide="ignore", invalid="ignore"):
        # What rounding leaves of no spread is no spread.
        slopes: NDArray[np.float64] = np.where(spread > 1e-12 * size, np.asarray(shared) / spread, np.nan)
    return slopes
