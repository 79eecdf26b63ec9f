"""Public beside sealed: does a method fall behind on texts that it cannot have seen?

Sealed texts may be harder than public ones for every method, so a method's fall is compared with that of cramming,
which has seen neither: a difference in differences, on a logarithmic scale because horizons differ by factors. It
needs the records of single sealed samples, which stay with the organiser until the reveal; the board has means alone.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cramboard.results.bootstrap import DRAWS, LEVEL, SEED
from cramboard.schema import Interval


@dataclass(frozen=True)
class Paired:
    """One sample's horizon under a method and under `cram`, for one decoder and k, and whose text it is."""

    horizon: int
    cram: int
    author: Hashable

    @property
    def relative(self) -> float:
        """`log((h + 1) / (h_cram + 1))`; the ones keep a horizon of 0 finite."""
        return math.log((self.horizon + 1) / (self.cram + 1))


@dataclass(frozen=True)
class Gap:
    """A method's mean relative horizon on public samples less that on sealed ones, in natural logarithms.

    `flagged` when the interval lies above 0: the method does better on what everyone can see. exp(mean) is the factor.
    """

    difference: Interval
    flagged: bool


def gap(public: Sequence[Paired], sealed: Sequence[Paired]) -> Gap:
    """Return `mean_public(x) - mean_sealed(x)` with x = `log((h + 1) / (h_cram + 1))`, and its 95% interval.

    Draw b picks as many authors as each side has, uniformly with replacement and on each side for itself (an author
    of both is drawn for each); its statistic is the difference of the means over the drawn authors' samples. The
    interval is the 2.5% and the 97.5% quantile of 10,000 draws. A side with one author resamples its texts instead.
    Without any spread on either side the interval has no width, which says nothing, and nothing is flagged.

    Raises:
        ValueError: If a side has no sample.
    """
    if not public or not sealed:
        raise ValueError("a gap needs at least one public and one sealed sample")
    random = np.random.RandomState(SEED)
    mean = _mean(public) - _mean(sealed)
    drawn = _drawn_means(public, random) - _drawn_means(sealed, random)
    low, high = (float(value) for value in np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]))
    interval = Interval(mean=mean, low=min(low, mean), high=max(high, mean))
    return Gap(interval, flagged=interval.low < interval.high and interval.low > 0)


def _mean(samples: Sequence[Paired]) -> float:
    return math.fsum(sample.relative for sample in samples) / len(samples)


def _drawn_means(samples: Sequence[Paired], random: np.random.RandomState) -> NDArray[np.float64]:
    """Return the mean relative horizon of each draw of whole authors, `[DRAWS]`."""
    by_author: dict[Hashable, list[float]] = {}
    for sample in samples:
        by_author.setdefault(sample.author, []).append(sample.relative)
    groups = list(by_author.values())
    if len(groups) == 1:
        groups = [[value] for value in groups[0]]
    sums, counts = np.array([math.fsum(group) for group in groups]), np.array([float(len(group)) for group in groups])
    drawn = (random.random_sample((DRAWS, len(groups))) * len(groups)).astype(np.intp)
    means: NDArray[np.float64] = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    return means
