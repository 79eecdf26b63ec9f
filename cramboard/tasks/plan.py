"""What a builder is asked to draw: how many samples of which split, with which seed, apart from which texts."""

from collections.abc import Mapping
from dataclasses import dataclass

from cramboard.schema import Split

PUBLIC_SEED = "cramboard"


@dataclass(frozen=True)
class Plan:
    """What a builder is asked to draw.

    `seed` begins the name of every random stream: the public set's is "cramboard", a sealed set's is its secret.
    `splits` names each split and its number of samples, in the order in which they are drawn. No sample may be a
    near-duplicate of one in `taken` (texts of the task that are drawn already).
    """

    splits: Mapping[Split, int]
    seed: str = PUBLIC_SEED
    taken: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """The number of samples of all splits."""
        return sum(self.splits.values())

    def split_of(self, number: int) -> Split:
        """Return the split of the sample that is drawn after `number` others."""
        for split, count in self.splits.items():
            if number < count:
                return split
            number -= count
        raise ValueError(f"the plan has {self.total} samples, none after them")
