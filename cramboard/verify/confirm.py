"""Compare a later verification with the records of an earlier one."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from cramboard.schema import SampleRecord
from cramboard.verify.measures import confirms

# Bits a token by which a later verification may differ.
BITS_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Confirmation:
    """What a later verification says of the recorded measurements of a run."""

    confirmed: int
    identical: int
    unconfirmed: tuple[str, ...]
    largest_bits_difference_per_token: float


def confirm(recorded: Sequence[SampleRecord], later: Sequence[SampleRecord]) -> Confirmation:
    """Say which samples `later` confirms: `h(0.06) <= h <= h(0.04)`, and every bit count within 0.001 a token.

    Both hold the same samples in the same order. The difference is the largest over all bit counts (recovered
    bits at the horizon, gains at the horizon and at the fixed lengths), each divided by its tokens.
    """
    unconfirmed, identical, largest = [], 0, 0.0
    for old, new in zip(recorded, later, strict=True):
        difference = _bits_difference(old, new)
        if difference > BITS_TOLERANCE or not confirms(torch.tensor(new.marks.margins), old.horizon):
            unconfirmed.append(old.sample)
        identical += old == new
        largest = max(largest, difference)
    return Confirmation(len(recorded) - len(unconfirmed), identical, tuple(unconfirmed), round(largest, 9))


def _bits_difference(old: SampleRecord, new: SampleRecord) -> float:
    pairs = [(a.gain_bits, b.gain_bits, a.length) for a, b in zip(old.lengths, new.lengths, strict=True)]
    pairs += [
        (a.control_gain_bits, b.control_gain_bits, a.length) for a, b in zip(old.lengths, new.lengths, strict=True)
    ]
    if old.horizon == new.horizon and old.horizon > 0:
        pairs += [
            (old.recovered_bits, new.recovered_bits, old.horizon),
            (old.gain_bits, new.gain_bits, old.horizon),
        ]
    return max((abs(a - b) / n for a, b, n in pairs), default=0.0)
