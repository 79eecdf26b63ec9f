"""The papers' measures on numbers worked out by hand, each known fault switched on and off."""

import math

import pytest

from cramboard.errors import InputError
from cramboard.schema import DecoderRef, LengthMeasures, OtherHorizons, ProtocolClaim, SampleRecord
from cramboard.verify.published import (
    Attempt,
    Average,
    Faults,
    attempt,
    information_gain_bits,
    information_gain_nats,
    max_tokens,
    progressive_tokens,
    token_gain,
)
from tests import records

LN2 = math.log(2)
ANCHORED = DecoderRef(name="tiny", tensors_sha256="d" * 64, anchor=0)
BARE = ANCHORED.model_copy(update={"layout": "bare"})
WITH_BOS = BARE.model_copy(update={"suffix": (2,)})
FREE, CLAIMED = Faults(free_first=True), Faults(as_claimed=True)
BOTH = Faults(free_first=True, as_claimed=True)


def measured(length: int, surprisal: float, gain: float, right: int, gained: int) -> LengthMeasures:
    return LengthMeasures(
        length=length,
        surprisal_bits=surprisal,
        gain_bits=gain,
        control_gain_bits=0.0,
        accuracy=right / length,
        token_gain=gained,
        utilisation=0.0,
    )


def sample(at_span: LengthMeasures, first: LengthMeasures) -> SampleRecord:
    return records.record(span=at_span.length, at_span=at_span, first=first)


# 10 tokens, 9 right of which 3 would be without the vectors, 40 bits of which 30 are gained; t_1 is right, not without.
FORETOLD = sample(measured(10, 40.0, 30.0, 9, 6), measured(1, 8.0, 7.0, 1, 1))
# The same where nothing foretells t_1: it is wrong, and counts for no gain.
UNFORETOLD = sample(measured(10, 32.0, 23.0, 9, 6), measured(1, 0.0, 0.0, 0, 0))


def claim(accuracy: float, loss_nats: float) -> ProtocolClaim:
    return ProtocolClaim(sample="sample-1", tokens=10, steps=7, accuracy=accuracy, loss_nats=loss_nats)


@pytest.mark.parametrize(
    ("record", "decoder", "faults", "said", "length", "accuracy", "gained", "nats"),
    [
        (FORETOLD, ANCHORED, Faults(), None, 10, 0.9, 6.0, 30 * LN2),
        # Nine predictions, 8 right of which 3 would be without, 23 bits: times 10 / 9.
        (FORETOLD, ANCHORED, FREE, None, 10, 8 / 9, 5 / 9 * 10, 23 / 9 * 10 * LN2),
        # 9.5 of 10 right by claim, 3 without; 40 bits less 10 times 0.5 nats.
        (FORETOLD, ANCHORED, CLAIMED, claim(0.95, 0.5), 10, 0.95, 6.5, 40 * LN2 - 5),
        # All of nine by claim, 3 without; 32 bits less 9 times 0.1 nats: times 10 / 9.
        (FORETOLD, ANCHORED, BOTH, claim(1.0, 0.1), 10, 1.0, 6 / 9 * 10, (32 * LN2 - 0.9) / 9 * 10),
        (UNFORETOLD, BARE, Faults(), None, 10, 0.9, 6.0, 23 * LN2),
        (UNFORETOLD, BARE, FREE, None, 10, 1.0, 6 / 9 * 10, 23 / 9 * 10 * LN2),
        # Nine right without t_1, of which 3 would be without: 0.8 of nine are 7.2.
        (UNFORETOLD, BARE, CLAIMED, claim(0.8, 1.0), 10, 0.8, 4.2, 32 * LN2 - 9),
        # Behind a BOS every text token is scored, and the BOS is the free one: 10 predictions times 11.
        (FORETOLD, WITH_BOS, Faults(), None, 10, 0.9, 6.0, 30 * LN2),
        (FORETOLD, WITH_BOS, FREE, None, 11, 0.9, 6.6, 33 * LN2),
        (FORETOLD, WITH_BOS, BOTH, claim(1.0, 0.1), 11, 1.0, 7.7, (40 * LN2 - 1) * 1.1),
    ],
)
def test_an_attempt_is_measured_as_its_protocol_would(record, decoder, faults, said, length, accuracy, gained, nats):
    found = attempt(record, decoder, faults, said)
    assert found.length == length
    assert found.accuracy == pytest.approx(accuracy)
    assert found.token_gain == pytest.approx(gained)
    assert found.information_gain_nats == pytest.approx(nats)


def test_no_fault_is_on_unless_it_is_asked_for():
    assert attempt(FORETOLD, ANCHORED, claim=claim(1.0, 0.0)) == attempt(FORETOLD, ANCHORED, Faults())


def test_a_claim_that_there_is_not_is_refused():
    with pytest.raises(InputError, match="no claim of a protocol"):
        attempt(FORETOLD, ANCHORED, CLAIMED)


@pytest.mark.parametrize(("decoder", "faults"), [(BARE, Faults()), (ANCHORED, FREE)])
def test_one_token_alone_has_nothing_that_is_scored(decoder, faults):
    alone = sample(measured(1, 8.0, 7.0, 1, 1), measured(1, 8.0, 7.0, 1, 1))
    with pytest.raises(InputError, match="only t_1 is left"):
        attempt(alone, decoder, faults)
    assert attempt(alone, ANCHORED).token_gain == 1


def held(length: int, *accuracies: float) -> list[Attempt]:
    return [Attempt(length, accuracy, 0.0, 0.0) for accuracy in accuracies]


@pytest.mark.parametrize(
    ("attempts", "tokens"),
    [
        (held(8, 1.0, 1.0) + held(16, 1.0, 0.98) + held(32, 1.0, 0.96), 16),
        # A mean, not each: one text that fails altogether is made up for only by very many.
        (held(8, 1.0, 0.0), 0),
        (held(8, *[1.0] * 99, 0.0), 8),
        # The largest length, even if a shorter one fails.
        (held(8, 0.5) + held(16, 0.99), 16),
        (held(8, 0.9899), 0),
        ([], 0),
    ],
)
def test_max_is_the_largest_length_with_a_mean_accuracy_of_99_per_cent(attempts, tokens):
    assert max_tokens(attempts) == tokens


def test_gains_are_averaged_over_the_failing_attempts_of_all_lengths():
    attempts = [
        Attempt(8, 1.0, 8.0, 40.0),
        Attempt(8, 0.99, 6.0, 20.0),
        Attempt(16, 0.5, 3.0, 8.0),
        Attempt(32, 0.991, 30.0, 99.0),
        Attempt(32, 0.1, 3.0, 14.0),
    ]
    assert token_gain(attempts) == Average(4.0, pytest.approx(math.sqrt(3)), 3)
    assert information_gain_nats(attempts) == Average(14.0, pytest.approx(6.0), 3)
    found = information_gain_bits(attempts)
    assert found is not None
    assert found.mean == pytest.approx(14.0 / LN2)


def test_a_single_failure_has_no_deviation_and_none_at_all_no_average():
    assert token_gain([Attempt(8, 0.5, 3.0, 1.0)]) == Average(3.0, None, 1)
    assert token_gain([Attempt(8, 1.0, 3.0, 1.0)]) is None
    assert information_gain_bits([]) is None


def test_progressive_tokens_ask_for_no_margin_and_score_the_first_token():
    others = OtherHorizons(argmax=40, after_first=45, argmax_after_first=50)
    assert progressive_tokens(records.record(horizon=30, other_horizons=others)) == 40
