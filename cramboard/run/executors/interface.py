"""What every executor can do."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from cramboard.decoders import Decoder, DecoderPlace
from cramboard.run.execute import Context, UnitFailure, UnitResult
from cramboard.run.observer import Observer
from cramboard.run.units import Unit

Answer = TypeVar("Answer")


class Executor(Protocol):
    """Executes units in any order and yields each one's end as it comes."""

    def device(self, asked: str) -> str:
        """Return the torch device of the units, where `auto` or a device is asked for.

        Raises:
            UsageError, MachineError: If there is no such device.
        """

    def load(self, place: DecoderPlace, device: str, attention: str) -> Decoder:
        """Load the decoder for this process; where units are executed elsewhere, it is loaded there when it is needed.

        Raises:
            InputError, MachineError: In one line.
        """

    def call(self, function: Callable[[Decoder, Observer], Answer], decoder: Decoder, observer: Observer) -> Answer:
        """Return what `function` gives, called where units are executed, with the loaded decoder as it is there.

        Raises:
            CramboardError: What `function` raises, or if there is nowhere to call it.
        """

    def run(self, units: Sequence[Unit], context: Context, observer: Observer) -> Iterator[UnitResult | UnitFailure]:
        """Execute `units`; a unit that fails is yielded as a failure and does not stop the others.

        Raises:
            CramboardError: What no other unit could do better with; what was yielded stands.
        """
