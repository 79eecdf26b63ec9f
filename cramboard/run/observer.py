"""What a run tells whoever watches it. Every method may be called often and must be quick."""

from collections.abc import Sequence

from cramboard.schema import SampleRecord


class Observer:
    """Hears what happens; this one ignores it."""

    def stage(self, text: str) -> None:
        """A stage begins that has no steps of its own, such as loading the decoder."""

    def planned(self, samples: int, finished: int) -> None:
        """The run covers `samples`, of which `finished` are kept from before."""

    def progress(self, samples: Sequence[str], step: int, steps: int, horizons: Sequence[int]) -> None:
        """The unit of `samples` has done `step` of `steps`; its horizons so far."""

    def verified(self, record: SampleRecord) -> None:
        """One sample is verified."""

    def kept(self, samples: int) -> None:
        """A unit of so many samples is stored. Whoever raises here stops the run between two units."""

    def failed(self, sample: str, reason: str) -> None:
        """One sample has no result."""

    def notice(self, text: str) -> None:
        """Something a person should know."""
