"""Public beside sealed: does a method fall behind on texts that it cannot have seen?

Sealed texts may be harder than public ones for every method, so a method's fall is compared with that of cramming,
which has seen neither: a difference in differences, on a logarithmic scale because horizons differ by factors. It
needs the records of single sealed samples, which stay with the organiser until the reveal. So it is made when a sealed
result is filed, and stands beside it as `gap.json`; its public side follows from what is public.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cramboard.results.bootstrap import DRAWS, LEVEL, SEED
from cramboard.schema import GapSide, Interval, SampleRecord, SealedGap


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


@dataclass(frozen=True)
class Measured:
    """The records of one result, and the sha256 of their file."""

    records: Sequence[SampleRecord]
    samples_sha256: str


@dataclass(frozen=True)
class Beside:
    """A method's result and `cram`'s on the same side: one task version or sealed set, one decoder, one k."""

    method: Measured
    cram: Measured

    @property
    def pairs(self) -> list[Paired]:
        """The samples that both have, in order of their ids."""
        horizons = {record.sample: record.horizon for record in self.cram.records}
        return [
            Paired(record.horizon, horizons[record.sample], record.author)
            for record in sorted(self.method.records, key=lambda record: record.sample)
            if record.sample in horizons
        ]

    @property
    def side(self) -> GapSide:
        """What `gap.json` says of it.

        Raises:
            ValueError: If the two have no sample in common.
        """
        pairs = self.pairs
        if not pairs:
            raise ValueError("the two results have no sample in common")
        return GapSide(
            samples=len(pairs),
            authors=len({pair.author for pair in pairs}),
            mean=_mean(pairs),
            samples_sha256=self.method.samples_sha256,
            cram_samples_sha256=self.cram.samples_sha256,
        )


def sealed_gap(public: Beside, sealed: Beside, baseline: str, verifier_version: int) -> SealedGap:
    """Return what `gap.json` says; `baseline` is the submission of the `cram` results.

    Raises:
        ValueError: If a side has no sample that both results have.
    """
    sides = {"public": public.side, "sealed": sealed.side}
    found = gap(public.pairs, sealed.pairs)
    return SealedGap(
        baseline=baseline, gap=found.difference, flagged=found.flagged, verifier_version=verifier_version, **sides
    )


def flagged(difference: Interval) -> bool:
    """Say whether a gap is flagged: its interval lies above 0. One without width says nothing."""
    return difference.low < difference.high and difference.low > 0


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
    return Gap(interval, flagged=flagged(interval))


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
