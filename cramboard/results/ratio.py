"""The ratio of two means over the same samples, with a 95% bootstrap interval, clustered by author."""

import math
from collections.abc import Hashable, Sequence

import numpy as np

from cramboard.results.bootstrap import DRAWS, LEVEL, SEED
from cramboard.schema import Interval


def ratio_interval(over: Sequence[float], under: Sequence[float], authors: Sequence[Hashable]) -> Interval:
    """Return `sum(over) / sum(under)`; `authors[i]` is whose sample both `over[i]` and `under[i]` are.

    The ratio of means, and not the mean of ratios: a sample of which `under` is small would decide the latter. Draw b
    picks as many authors as there are, uniformly with replacement, and is the ratio over their samples; the interval is
    the 2.5% and the 97.5% quantile of 10,000 draws. One author resamples its texts instead; where all ratios are the
    same there is no spread, and the interval has no width.

    Raises:
        ValueError: If the lengths differ, or `under` is not above 0 in total or below 0 somewhere.
    """
    if not len(over) == len(under) == len(authors) or sum(under) <= 0 or min(under) < 0:
        raise ValueError("a ratio needs pairs of values with an author each, and something to divide by")
    groups: dict[Hashable, list[tuple[float, float]]] = {}
    several = len(set(authors)) > 1
    for at, (a, b, author) in enumerate(zip(over, under, authors, strict=True)):
        groups.setdefault(author if several else at, []).append((a, b))
    sums = np.array([[math.fsum(column) for column in zip(*group, strict=True)] for group in groups.values()])
    random = np.random.RandomState(SEED)
    drawn = sums[(random.random_sample((DRAWS, len(sums))) * len(sums)).astype(np.intp)].sum(axis=1)
    # A draw of authors with nothing to divide by says nothing.
    ratios = drawn[drawn[:, 1] > 0]
    ratio = math.fsum(over) / math.fsum(under)
    low, high = (float(v) for v in np.quantile(ratios[:, 0] / ratios[:, 1], [(1 - LEVEL) / 2, (1 + LEVEL) / 2]))
    if math.isclose(low, high, rel_tol=1e-12):
        low = high = ratio
    return Interval(mean=ratio, low=min(low, ratio), high=max(high, ratio))
