"""What the record of a sample says, with margins given for the vectors and everything else a tiny decoder's own."""

import pytest
import torch

from cramboard.decoders import Decoder, find_decoder, load_decoder
from cramboard.reading import Reading
from cramboard.schema import SampleRecord, StoredHorizon
from cramboard.tasks import Sample
from cramboard.verify import verify
from cramboard.verify.scoring import score
from tests.verify.made import certified_reading, give

CONTROL = torch.linspace(-1, 1, 64)[None]


@pytest.fixture(scope="module")
def decoder(tiny_folder) -> Decoder:
    return load_decoder(find_decoder(str(tiny_folder)))


def reading_of(decoder: Decoder, tokens: int) -> Reading:
    """Return a sample of so many tokens, which are bytes, two to a character."""
    text = ("äöü" * tokens)[: tokens // 2]
    sample = Sample("one", text, "c" * 64, "A", "2026", "made up", "public", "CC0")
    return Reading(sample, decoder.tokenize(text), None)


def measured(decoder: Decoder, tokens: int, span: int, lengths: tuple[int, ...]) -> SampleRecord:
    reading = reading_of(decoder, tokens)
    assert len(reading.tokens.ids) == tokens
    [record] = verify(certified_reading(decoder, reading, span), [reading], decoder, CONTROL, lengths)
    return record


@pytest.mark.parametrize(
    ("tokens", "span", "wrong", "found"),
    [
        (20, 20, 20, (20, True, False)),  # the text ends
        (20, 20, 19, (19, False, False)),
        (150, 50, 150, (64, False, True)),  # nothing is scored beyond the longest fixed length
        (150, 50, 55, (55, False, True)),
        (150, 50, 50, (50, False, True)),
        (150, 50, 49, (49, False, False)),
        (150, 150, 150, (150, True, False)),
    ],
)
def test_a_horizon_is_censored_by_the_texts_end_and_limited_by_the_span(
    decoder, monkeypatch, tokens, span, wrong, found
):
    give(monkeypatch, "verifier", {wrong: -1.0})
    record = measured(decoder, tokens, span, (8, 64))
    assert (record.horizon, record.censored, record.self_limited) == found


def test_a_horizon_is_censored_by_the_end_of_the_context(short_folder, monkeypatch):
    decoder = load_decoder(find_decoder(str(short_folder)))
    give(monkeypatch, "verifier", {})
    record = measured(decoder, 400, 50, (512,))
    assert (record.tokens, record.horizon, record.censored, record.self_limited) == (199, 199, True, False)


def test_every_measure_is_of_the_tokens_that_its_definition_names(decoder, monkeypatch):
    give(monkeypatch, "verifier", {31: -1.0})
    record = measured(decoder, 400, 40, (64, 300, 400, 512))
    ids = torch.tensor(reading_of(decoder, 400).tokens.ids)
    crammed, alone, control = (score(decoder, ids, vectors).bits for vectors in (torch.ones(1, 64), None, CONTROL))
    assert (record.horizon, record.tokens) == (31, 400)
    assert record.bytes == 30  # 15 characters whole, and half of the next
    recovered = float(alone[:31].sum())
    ratios = (record.recovered_bits, record.density * 64, record.coder_efficiency * 64 * 32)
    assert ratios == pytest.approx((recovered, recovered, recovered), abs=0.01)
    bound = record.coder_bound
    assert bound is not None
    assert float(alone[: bound - 1].sum()) <= 64 * 32 < float(alone[:bound].sum())
    assert record.gain_bits == pytest.approx(float((alone - crammed)[:31].sum()), abs=1e-3)
    assert record.control_gain_bits == pytest.approx(float((alone - control)[:31].sum()), abs=1e-3)
    rows = (record.first, record.at_span, *record.lengths)
    assert [row.length for row in rows] == [1, 40, 64, 300, 400]
    for row in rows:
        n = row.length
        assert row.surprisal_bits == pytest.approx(float(alone[:n].sum()), abs=1e-3)
        assert row.gain_bits == pytest.approx(float((alone - crammed)[:n].sum()), abs=1e-3)
        assert row.control_gain_bits == pytest.approx(float((alone - control)[:n].sum()), abs=1e-3)
        assert row.accuracy == pytest.approx((n - (n > 31)) / n, abs=1e-6)
    assert len(record.marks.margins) == len(record.marks.bits) == 31 + 64


def test_other_horizons_ask_for_no_margin_or_take_the_first_token_as_given(decoder, monkeypatch):
    give(monkeypatch, "verifier", {0: -1.0, 5: 0.02, 9: -1.0})
    others = measured(decoder, 100, 40, (64,)).other_horizons
    assert (others.argmax, others.after_first, others.argmax_after_first) == (0, 4, 8)


def test_the_coarsest_storage_keeps_the_whole_horizon(decoder, monkeypatch):
    give(monkeypatch, "verifier", {31: -1.0})
    kept = {"float32": (2048, 31), "bfloat16": (1024, 31), "int8": (544, 30), "int4": (288, 29)}
    stored = {dtype: StoredHorizon(bits=bits, horizon=horizon) for dtype, (bits, horizon) in kept.items()}
    monkeypatch.setattr("cramboard.verify.verifier.stored_horizons", lambda *_: stored)
    assert measured(decoder, 100, 40, (64,)).coarsest == "bfloat16"
