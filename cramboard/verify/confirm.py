"""Compare a later verification with the records of an earlier one."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from cramboard.schema import CERTIFIED_MARGIN, LengthMeasures, SampleRecord
from cramboard.verify.measures import confirms, horizon

# Bits a token by which a later verification may differ.
BITS_TOLERANCE = 1e-3
# Bits by which one token may differ: two machines' logits are each within 0.01 of float64's.
_TOKEN_BITS = 0.1
# Logits by which a margin may differ, as at the horizon itself: between 0.04 and 0.06.
_MARGIN = 0.01
# Tokens at a fixed length whose argmax may turn on another machine: a tie is decided by the last bit.
_TURNED = 2
# What another machine cannot change while the horizon is the same.
_EQUAL = ("author", "span", "tokens", "bytes", "censored", "self_limited", "coder_bound", "greedy_horizon")


@dataclass(frozen=True)
class Confirmation:
    """What a later verification says of the recorded measurements of a run.

    `largest_bits_difference_per_token` is None where no bits were measured again.
    """

    confirmed: int
    identical: int
    unconfirmed: tuple[str, ...]
    largest_bits_difference_per_token: float | None


def confirm(recorded: Sequence[SampleRecord], later: Sequence[SampleRecord]) -> Confirmation:
    """Say which samples `later` confirms: `h(0.06) <= h <= h(0.04)`, and every other measure within its tolerance.

    Both hold the same samples in the same order. Bits (recovered bits, gains) may differ by 0.001 a token. Horizons
    under coarser storage and under a bfloat16 decoder are shown, not ranked, and may differ.
    """
    unconfirmed, identical, largest = [], 0, 0.0
    for old, new in zip(recorded, later, strict=True):
        difference = _bits_difference(old, new)
        stands = confirms(torch.tensor(new.marks.margins), old.horizon) and _others_agree(old, new) and _agree(old, new)
        if difference > BITS_TOLERANCE or not stands:
            unconfirmed.append(old.sample)
        identical += old == new
        largest = max(largest, difference)
    return Confirmation(len(recorded) - len(unconfirmed), identical, tuple(unconfirmed), round(largest, 9))


def _rows(record: SampleRecord) -> tuple[LengthMeasures, ...]:
    return (record.at_span, *record.lengths)


def _bits_difference(old: SampleRecord, new: SampleRecord) -> float:
    """Return the largest difference of any bit count, divided by its tokens."""
    pairs = []
    for a, b in zip(_rows(old), _rows(new), strict=False):
        names = ("surprisal_bits", "gain_bits", "control_gain_bits")
        pairs += [(getattr(a, name), getattr(b, name), b.length) for name in names]
    if old.horizon == new.horizon:
        totals = ("recovered_bits", "source_bits", "gain_bits", "control_gain_bits")
        pairs += [(getattr(old, name) or 0.0, getattr(new, name) or 0.0, max(1, new.horizon)) for name in totals]
    return max((abs(a - b) / n for a, b, n in pairs), default=0.0)


def _agree(old: SampleRecord, new: SampleRecord) -> bool:
    """Say whether everything that is not bits a token is the same, as far as machines agree."""
    if not _first_agrees(old.first, new.first) or [row.length for row in _rows(old)] != [
        row.length for row in _rows(new)
    ]:
        return False
    for a, b in zip(_rows(old), _rows(new), strict=True):
        turned = abs(a.accuracy - b.accuracy) * b.length
        if max(turned, abs(a.token_gain - b.token_gain)) > _TURNED + 0.01 or abs(a.utilisation - b.utilisation) > 0.01:
            return False
    if old.horizon != new.horizon:
        return True
    ratios = max(abs(old.density - new.density), abs(old.coder_efficiency - new.coder_efficiency))
    return ratios <= BITS_TOLERANCE and all(getattr(old, name) == getattr(new, name) for name in _EQUAL)


def _others_agree(old: SampleRecord, new: SampleRecord) -> bool:
    """Say whether the horizons by other rules stand, within the margins' tolerance and as far as `new` marks tokens."""
    margins, others = torch.tensor(new.marks.margins), old.other_horizons
    for count, part, least in (
        (others.argmax, margins, 0.0),
        (others.after_first, margins[1:], CERTIFIED_MARGIN),
        (others.argmax_after_first, margins[1:], 0.0),
    ):
        if not horizon(part, least + _MARGIN) <= min(count, len(part)) <= horizon(part, least - _MARGIN):
            return False
    return True


def _first_agrees(old: LengthMeasures, new: LengthMeasures) -> bool:
    """Say whether the measures of t_1 alone are the same; whether it is right may turn, as at any length."""
    names = ("surprisal_bits", "gain_bits", "control_gain_bits")
    return old.length == new.length and all(abs(getattr(old, n) - getattr(new, n)) <= _TOKEN_BITS for n in names)
