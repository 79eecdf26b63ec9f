"""A mean over samples with a 95% bootstrap interval, clustered by author.

Samples of one author resemble each other, so the interval asks how the mean would move with other *authors*:
whole authors are drawn with replacement, and a draw's statistic is the mean over the samples of the drawn
authors.

Limits, which no number of draws mends: the percentile interval is too narrow when authors are few (below
about ten); and where there is no spread to see there is no interval (see `mean_interval`).

Sources: Efron, "Nonparametric standard errors and confidence intervals" (Canadian Journal of Statistics,
1981) for the percentile interval; Field and Welsh, "Bootstrapping clustered data" (Journal of the Royal
Statistical Society B, 2007) for the resampling of whole clusters.
"""

import math
from collections.abc import Hashable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cramboard.schema import Interval

DRAWS = 10_000
SEED = 0
LEVEL = 0.95


def mean_interval(values: Sequence[float], authors: Sequence[Hashable], at_least: bool = False) -> Interval:
    """Return the mean of `values` with its 95% interval; `authors[i]` is whose sample `values[i]` is.

    With authors a = 1..A, sums S_a and sample counts n_a, draw b picks j_1..j_A uniformly with replacement:
    `m_b = sum_i S_{j_i} / sum_i n_{j_i}`; the interval is the 2.5% and the 97.5% quantile of m_1..m_10000.

    One author says nothing about other authors. Then the samples are resampled instead, and the interval
    speaks about that author's texts only. One sample, or samples all alike, say nothing about the spread:
    low = high = mean, which is to be read (and is printed) as *no interval*, not as certainty.

    The same values with the same authors in the same order give the same result on every machine.

    Raises:
        ValueError: If there are no values, or not one author a value.
    """
    if not values or len(values) != len(authors):
        raise ValueError("a mean needs at least one value, and an author for each")
    if min(values) == max(values):
        return Interval(mean=values[0], low=values[0], high=values[0], at_least=at_least)
    mean = math.fsum(values) / len(values)
    sums, counts = _cluster(values, authors)
    if len(sums) == 1:
        sums, counts = _cluster(values, range(len(values)))
    drawn = _draws(len(sums))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    # Sums in another order may differ in the last digit: the interval always holds its mean.
    return Interval(mean=mean, low=min(float(low), mean), high=max(float(high), mean), at_least=at_least)


def _cluster(values: Sequence[float], authors: Sequence[Hashable]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the sum and the number of the values of each author, in order of first appearance: [A], [A]."""
    by_author: dict[Hashable, list[float]] = {}
    for value, author in zip(values, authors, strict=True):
        by_author.setdefault(author, []).append(value)
    sums = np.array([math.fsum(group) for group in by_author.values()])
    counts = np.array([float(len(group)) for group in by_author.values()])
    return sums, counts


@lru_cache(maxsize=8)
def _draws(clusters: int) -> NDArray[np.intp]:
    """Return which clusters each draw picks: `[DRAWS, clusters]`, the same for every measure.

    `RandomState` because its stream is frozen by NumPy's policy (NEP 19); a Generator's may change.
    """
    uniform = np.random.RandomState(SEED).random_sample((DRAWS, clusters))
    drawn = (uniform * clusters).astype(np.intp)
    drawn.setflags(write=False)
    return drawn
