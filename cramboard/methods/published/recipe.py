"""What makes one published protocol another: its optimiser, its start, and its rule."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, get_args

import torch

from cramboard.decoders import Decoder
from cramboard.errors import UsageError
from cramboard.methods.published.forms import Form
from cramboard.schema import Layout


@dataclass(frozen=True)
class Seen:
    """What a step measured of every row, before it moved it; all are `[b]`.

    Attributes:
        active: Rows that took the step.
        steps: Steps that each has taken, this one counted.
        targets: Leading tokens that each was asked for.
        lengths: Tokens that each has.
        right: Scored tokens whose argmax is right behind the true prefix.
        scored: Scored tokens.
    """

    active: torch.Tensor
    steps: torch.Tensor
    targets: torch.Tensor
    lengths: torch.Tensor
    right: torch.Tensor
    scored: torch.Tensor


@dataclass(frozen=True)
class Verdict:
    """What the rule makes of it; all are `[b]`, and are looked at where a row is active.

    Attributes:
        keep: Rows whose vectors are kept, in place of the ones that were.
        tokens: The length that these hold, as the protocol counts it.
        targets: Leading tokens to ask for next.
        going: Rows that go on.
    """

    keep: torch.Tensor
    tokens: torch.Tensor
    targets: torch.Tensor
    going: torch.Tensor


class Rule(Protocol):
    """A protocol's rule, with its memory of every row in tensors that stay where they are; it must not synchronise."""

    def begin(self, row: int, length: int) -> int:
        """Forget what `row` has seen; return the first target of a sample of `length` tokens."""

    def judge(self, seen: Seen) -> Verdict:
        """Say what a step means; what is remembered of rows that are not active must stay as it is."""


@dataclass(frozen=True)
class Recipe:
    """One protocol.

    Attributes:
        steps: Most steps of a sample.
        rates: The rate of each step; later ones have the last.
        betas: Adam's.
        decay: Decoupled weight decay, times the rate.
        given: Leading tokens of the sequence that are read and never scored.
        late: Keep the vectors as they are after the step whose measures they are kept for.
        mixed: Claim the least loss of all steps, whichever step the vectors are of.
        form: Returns rows of parameters: `form(rows, k, decoder, like)`.
        rule: Returns the rule's memory for so many rows on a device.
    """

    steps: int
    rates: Sequence[float]
    betas: tuple[float, float]
    decay: float
    given: int
    late: bool
    mixed: bool
    form: Callable[[int, int, Decoder, torch.Tensor], Form]
    rule: Callable[[int, torch.device], Rule]


def check_layout(layout: str) -> Layout:
    """Return the layout that a setting names.

    Raises:
        UsageError: If there is none of that name.
    """
    for known in get_args(Layout):
        if layout == known:
            return known  # type: ignore[no-any-return]
    raise UsageError(f"setting layout: {layout!r} is not one of {', '.join(get_args(Layout))}")
