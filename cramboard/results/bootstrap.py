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
_QUANTILES = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)


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
    sums, counts = _sums([values], _clusters(authors))
    drawn = _draws(len(counts))
    means = sums[0][drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, _QUANTILES)
    return _around(values, float(low), float(high), at_least)


def mean_intervals(rows: Sequence[Sequence[float]], authors: Sequence[Hashable]) -> list[Interval]:
    """Return `mean_interval` of each row, in a fraction of the time and equal to it up to the last digits.

    All rows share their draws, so with `W[b, a]` = how often draw b picks author a, all their sums are one product
    `W S`. In which order it adds is the machine's own: numbers are checked with this, and filed by `mean_interval`.

    Raises:
        ValueError: If there are no rows, a row has no values, or not one author a value.
    """
    if not rows or not authors or any(len(row) != len(authors) for row in rows):
        raise ValueError("a mean needs at least one value, and an author for each")
    sums, counts = _sums(rows, _clusters(authors))
    weights = _weights(len(counts))
    lows, highs = np.quantile((sums @ weights) / (counts @ weights), _QUANTILES, axis=1)
    return [_around(row, float(low), float(high)) for row, low, high in zip(rows, lows, highs, strict=True)]


def _around(values: Sequence[float], low: float, high: float, at_least: bool = False) -> Interval:
    """Return the mean of `values` with its quantiles; values that are all alike have no spread, whatever sums say."""
    if min(values) == max(values):
        return Interval(mean=values[0], low=values[0], high=values[0], at_least=at_least)
    mean = math.fsum(values) / len(values)
    # Sums in another order may differ in the last digit: the interval always holds its mean.
    return Interval(mean=mean, low=min(low, mean), high=max(high, mean), at_least=at_least)


def _clusters(authors: Sequence[Hashable]) -> list[list[int]]:
    """Return which values are drawn together: those of each author, in order of first appearance."""
    by_author: dict[Hashable, list[int]] = {}
    for at, author in enumerate(authors):
        by_author.setdefault(author, []).append(at)
    return list(by_author.values()) if len(by_author) > 1 else [[at] for at in range(len(authors))]


def _sums(
    rows: Sequence[Sequence[float]], clusters: Sequence[Sequence[int]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each row's sum over each cluster, and the number of values in each: [rows, A], [A]."""
    sums = [[math.fsum(row[at] for at in cluster) for cluster in clusters] for row in rows]
    return np.array(sums), np.array([float(len(cluster)) for cluster in clusters])


@lru_cache(maxsize=8)
def _draws(clusters: int) -> NDArray[np.intp]:
    """Return which clusters each draw picks: `[DRAWS, clusters]`, the same for every measure.

    `RandomState` because its stream is frozen by NumPy's policy (NEP 19); a Generator's may change.
    """
    uniform = np.random.RandomState(SEED).random_sample((DRAWS, clusters))
    drawn = (uniform * clusters).astype(np.intp)
    drawn.setflags(write=False)
    return drawn


@lru_cache(maxsize=16)
def _weights(clusters: int) -> NDArray[np.float64]:
    """Return how often each draw picks each cluster: `[clusters, DRAWS]`."""
    flat = _draws(clusters) + clusters * np.arange(DRAWS)[:, None]
    weights = np.bincount(flat.ravel(), minlength=DRAWS * clusters).reshape(DRAWS, clusters).T.astype(np.float64)
    weights.setflags(write=False)
    return weights
