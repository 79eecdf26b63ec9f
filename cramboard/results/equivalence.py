"""Is a number what a claim says, as far as it matters? Two one-sided tests, from bootstrap draws.

A test against 0 that finds nothing shows nothing: the data may be too few. Equivalence turns the burden round. Bounds
say beforehand what difference would matter; only draws that lie inside them, but for 5% on each side, show that there
is none. Draws that lie outside them in the same way show that there is one; all others leave it open.

Source: Schuirmann, "A comparison of the two one-sided tests procedure and the power approach for assessing the
equivalence of average bioavailability" (Journal of Pharmacokinetics and Biopharmaceutics, 1987).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ALPHA = 0.05


@dataclass(frozen=True)
class Equivalence:
    """What the two tests say of the bounds `least` and `most`.

    `low` and `high` are the interval of 90% that is to lie inside them, `p` the larger of the two tests' p-values.
    """

    least: float
    most: float
    low: float
    high: float
    p: float

    @property
    def holds(self) -> bool:
        """Whether the number is equivalent to what lies between the bounds, at 5%."""
        return self.p < ALPHA

    @property
    def fails(self) -> bool:
        """Whether the number is shown to lie outside the bounds, at 5%: the whole interval does."""
        return self.low > self.most or self.high < self.least


def equivalence(draws: NDArray[np.float64], least: float, most: float) -> Equivalence:
    """Test whether what `draws` are bootstrap draws of lies between `least` and `most`.

    With B draws, `p = max((1 + #{draw <= least}) / (B + 1), (1 + #{draw >= most}) / (B + 1))`.

    Raises:
        ValueError: If the bounds are not in order, or there are no draws.
    """
    if least >= most or not len(draws):
        raise ValueError("an equivalence test needs draws, and bounds in order")
    below, above = int((draws <= least).sum()), int((draws >= most).sum())
    low, high = (float(value) for value in np.quantile(draws, [ALPHA, 1 - ALPHA]))
    return Equivalence(least, most, low, high, (1 + max(below, above)) / (len(draws) + 1))
