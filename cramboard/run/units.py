"""Work units: a few samples of one task, decoder, method and k."""

from collections.abc import Container, Sequence
from dataclasses import dataclass

from cramboard.keys import key
from cramboard.tasks import Sample


@dataclass(frozen=True)
class Unit:
    """Samples that are made and verified together."""

    samples: tuple[Sample, ...]

    @property
    def name(self) -> str:
        """The unit's content key, short; names its folder."""
        return key([sample.id for sample in self.samples])[:16]

    def halves(self) -> tuple["Unit", "Unit"]:
        """Return the unit as two, for when it does not fit the device's memory."""
        middle = len(self.samples) // 2
        return Unit(self.samples[:middle]), Unit(self.samples[middle:])


def plan_units(samples: Sequence[Sample], finished: Container[str], batch_size: int) -> list[Unit]:
    """Cut `samples` into units of `batch_size` and drop what is finished.

    The cut is made before the drop, so that an interrupted run resumes with the units it would have had.
    """
    units = []
    for start in range(0, len(samples), batch_size):
        open_samples = tuple(s for s in samples[start : start + batch_size] if s.id not in finished)
        if open_samples:
            units.append(Unit(open_samples))
    return units
