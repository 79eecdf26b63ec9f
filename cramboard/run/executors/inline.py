"""Executes units one after the other in this process."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import torch

from cramboard.decoders import Decoder, DecoderPlace, check_device, load_decoder
from cramboard.run.execute import Context, UnitFailure, UnitResult
from cramboard.run.executors.attempt import attempt, instead
from cramboard.run.observer import Observer
from cramboard.run.units import Unit

Answer = TypeVar("Answer")


class InlineExecutor:
    """Executes units one after the other in this process, on one device."""

    def device(self, asked: str) -> str:
        """Return the device that is asked for; `auto` is the first GPU, else the CPU."""
        if asked != "auto":
            check_device(asked)
            return asked
        return "cuda" if torch.cuda.is_available() else "cpu"

    def load(self, place: DecoderPlace, device: str, attention: str) -> Decoder:
        """Load the decoder onto the units' device."""
        return load_decoder(place, device, attention)

    def call(self, function: Callable[[Decoder, Observer], Answer], decoder: Decoder, observer: Observer) -> Answer:
        """Call `function` here."""
        return function(decoder, observer)

    def run(self, units: Sequence[Unit], context: Context, observer: Observer) -> Iterator[UnitResult | UnitFailure]:
        """Execute `units`; one that fails or does not fit the device's memory is halved and goes on."""
        waiting = deque(units)
        while waiting:
            end = attempt(waiting.popleft(), context, observer)
            halves = instead(end, observer) if isinstance(end, UnitFailure) else ()
            if halves:
                waiting.extendleft(reversed(halves))
            else:
                yield end


INLINE = InlineExecutor()
