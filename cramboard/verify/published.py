"""The measures of published protocols, by their names, from verified records: what they would print of our vectors.

Sources: Kuratov et al. 2025 (ACL, arXiv 2502.13063) and its code; Tarasov et al. 2026 (ICML, arXiv 2607.21231) and its
code. Theoretical capacity and utilisation are in `measures`. Known faults of how they measured are switches, off unless
asked for, so that each one's worth can be seen.

With N tokens, `acc` the share of scored tokens whose argmax is right behind the true prefix and `CE` their mean
cross-entropy in nats, with and without vectors, an attempt (one text at one length) gives

    token gain = (acc_with - acc_without) N        information gain = (CE_without - CE_with) N
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from cramboard.errors import InputError
from cramboard.schema import DecoderRef, ProtocolClaim, SampleRecord

# From this mean accuracy on a length counts as held; up to it an attempt counts as failed.
HELD_ACCURACY = 0.99


@dataclass(frozen=True)
class Faults:
    """Known faults of published measurements, each of which can be switched on.

    Attributes:
        free_first: The first token that is read behind the vectors is not scored, and counted all the same: means
            over N - 1 predictions are multiplied by N. It is t_1, or, where a tokenizer puts a BOS there, the BOS.
        as_claimed: The protocol's claim is taken in place of what its vectors give. Its search computed it, in its own
            precision; run with the faults that are settings of its method, it is of other vectors (the ones before
            the last step), or of two steps at once (the most accurate and the one of least loss).
    """

    free_first: bool = False
    as_claimed: bool = False


@dataclass(frozen=True)
class Attempt:
    """One text at one length N, for all k vectors together.

    Attributes:
        length: N.
        accuracy: With the vectors.
        token_gain: Tokens.
        information_gain_nats: Nats.
    """

    length: int
    accuracy: float
    token_gain: float
    information_gain_nats: float


@dataclass(frozen=True)
class Average:
    """A mean over `attempts`, with the sample standard deviation (None for a single one)."""

    mean: float
    deviation: float | None
    attempts: int


def attempt(
    record: SampleRecord, decoder: DecoderRef, faults: Faults | None = None, claim: ProtocolClaim | None = None
) -> Attempt:
    """Return the attempt of a verified sample at its span.

    In a bare layout without a suffix nothing foretells t_1 without the vectors, so its gains are those of the others.

    Args:
        record: The verified sample.
        decoder: In which layout it was verified.
        faults: What to measure wrongly; nothing by default.
        claim: What the protocol says of the sample; needed for `as_claimed`.

    Raises:
        InputError: If the claim is asked for and there is none, or no token is scored.
    """
    faults = faults or Faults()
    at, first = record.at_span, record.first
    bare = decoder.layout == "bare"
    reads_bos = bare and bool(decoder.suffix)
    free_text = faults.free_first and not reads_bos
    skipped = int(free_text or (bare and not reads_bos))
    scored = at.length - skipped
    if not scored:
        raise InputError(f"sample {record.sample}: at a span of 1 only t_1 is left, which its layout gives no gain")
    counted = at.length + int(reads_bos) if faults.free_first else scored
    gained = at.token_gain - skipped * first.token_gain
    nats = (at.gain_bits - skipped * first.gain_bits) * math.log(2)
    right = at.accuracy * at.length - skipped * first.accuracy
    accuracy = right / scored if free_text else at.accuracy
    if faults.as_claimed:
        if claim is None:
            raise InputError(f"sample {record.sample}: there is no claim of a protocol for it")
        surprisal_nats = (at.surprisal_bits - skipped * first.surprisal_bits) * math.log(2)
        accuracy = claim.accuracy
        gained = claim.accuracy * scored - (right - gained)
        nats = surprisal_nats - claim.loss_nats * scored
    return Attempt(
        length=counted if faults.free_first else at.length,
        accuracy=accuracy,
        token_gain=gained / scored * counted,
        information_gain_nats=nats / scored * counted,
    )


def max_tokens(attempts: Sequence[Attempt]) -> int:
    """Return the largest length whose mean accuracy is at least 0.99, 0 if none is (Kuratov et al., "Max").

    It is no horizon: five wrong tokens in 500 pass, wherever they stand, and texts that fail are made up for by others.
    """
    by_length: dict[int, list[float]] = {}
    for one in attempts:
        by_length.setdefault(one.length, []).append(one.accuracy)
    return max((length for length, found in by_length.items() if fmean(found) >= HELD_ACCURACY), default=0)


def token_gain(attempts: Sequence[Attempt]) -> Average | None:
    """Return the mean token gain of the failing attempts, all lengths together (Kuratov et al., "Gain"), tokens."""
    return _over_failing(attempts, lambda one: one.token_gain)


def information_gain_nats(attempts: Sequence[Attempt]) -> Average | None:
    """Return the mean information gain of the failing attempts, all lengths, in nats (Kuratov et al., "IG")."""
    return _over_failing(attempts, lambda one: one.information_gain_nats)


def information_gain_bits(attempts: Sequence[Attempt]) -> Average | None:
    """Return `information_gain_nats` in bits (the unit of Tarasov et al.)."""
    return _over_failing(attempts, lambda one: one.information_gain_nats / math.log(2))


def progressive_tokens(record: SampleRecord) -> int:
    """Return the leading tokens that are right behind the true prefix, every one, by argmax (Tarasov et al.)."""
    return record.other_horizons.argmax


def _over_failing(attempts: Sequence[Attempt], measure: Callable[[Attempt], float]) -> Average | None:
    """Return the average over attempts whose accuracy is at most 0.99; None if none is."""
    values = [measure(one) for one in attempts if one.accuracy <= HELD_ACCURACY]
    if not values:
        return None
    return Average(fmean(values), stdev(values) if len(values) > 1 else None, len(values))
