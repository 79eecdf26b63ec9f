"""Each protocol is held to its plain loop, sample by sample; a fault changes what it says it changes."""

from dataclasses import replace

import pytest
import torch

from cramboard.decoders import Decoder, find_decoder, load_decoder
from cramboard.errors import UsageError
from cramboard.methods import Assignment, Made, Request, choose_method
from cramboard.methods.engine.fused.packing import Frame
from cramboard.methods.engine.fused.weights import weights_of
from cramboard.methods.engine.passes.fused import FusedPass
from cramboard.methods.engine.passes.reference import ReferencePass
from cramboard.methods.kuratov2025 import METHOD as KURATOV
from cramboard.methods.kuratov2025 import KuratovSettings
from cramboard.methods.tarasov2026 import METHOD as TARASOV
from cramboard.methods.tarasov2026 import TarasovSettings
from tests.methods.engine import plain
from tests.methods.published.loops import kuratov, tarasov

TEXTS = ["The quick brown fox", "Pack my box", "Sphinx of black quartz"]
BOS = (256,)
# What is fast here. In each of the three the first sample, the second and the third end by different rules.
SHORT = KuratovSettings(span=3, steps=42, patience=30, rate=0.3)
STAGES = TarasovSettings(span=3, steps=100, stage_steps=50, rate=0.3, warmup=5)
LOW = replace(STAGES, rank=3, steps=60, stage_steps=40, rate=0.1)


@pytest.fixture(scope="module")
def decoder(tiny_folder) -> Decoder:
    return load_decoder(find_decoder(str(tiny_folder)))


def layouts(decoder: Decoder) -> dict[str, Decoder]:
    return {
        "anchored": decoder,
        "bare": decoder.in_layout("bare", ()),
        "bare-bos": decoder.in_layout("bare", BOS),
    }


def asked(decoder: Decoder, settings, texts=TEXTS, k: int = 1) -> Request:
    return Request(
        assignments=tuple(
            Assignment(text.split()[0], decoder.tokenize(text).ids[: settings.span * k], text) for text in texts
        ),
        decoder=decoder,
        k=k,
        seed=0,
        dtype=torch.float64,
        others=lambda count: [],
        report=lambda step, steps, horizons: None,
    )


def make(decoder: Decoder, settings, texts=TEXTS, k: int = 1) -> Made:
    kind = KURATOV if isinstance(settings, KuratovSettings) else TARASOV
    return kind.make(settings, asked(decoder, settings, texts, k))


def hold(decoder: Decoder, settings, k: int = 1) -> Made:
    """Hold a batch to the plain loop of each of its samples."""
    loop = kuratov if isinstance(settings, KuratovSettings) else tarasov
    made, request = make(decoder, settings, k=k), asked(decoder, settings, k=k)
    for one, vectors, claim in zip(request.assignments, made.vectors, made.claims, strict=True):
        alone = loop(decoder, one.sample, one.ids, k, settings)
        assert vectors.dtype == torch.float32
        assert torch.allclose(vectors.double(), alone.vectors, rtol=1e-6, atol=1e-7), one.sample
        assert (claim.sample, claim.tokens, claim.steps) == (one.sample, alone.tokens, alone.steps)
        assert claim.accuracy == pytest.approx(alone.accuracy, abs=1e-12)
        assert claim.loss_nats == pytest.approx(alone.loss, rel=1e-9)
    return made


@pytest.mark.parametrize(
    "settings",
    [
        SHORT,
        replace(SHORT, free_first=True),
        replace(SHORT, late=True),
        replace(SHORT, mixed=True),
        STAGES,
        replace(STAGES, free_first=True),
        replace(STAGES, late=True, grow=2),
        LOW,
        replace(LOW, late=True),
    ],
)
def test_a_batch_gives_each_sample_what_the_plain_loop_gives_it_alone(decoder, settings):
    hold(decoder, settings)


@pytest.mark.parametrize("layout", ["bare", "bare-bos"])
@pytest.mark.parametrize("settings", [SHORT, replace(SHORT, free_first=True), STAGES, LOW])
def test_so_does_a_batch_in_the_papers_own_layout(decoder, layout, settings):
    hold(layouts(decoder)[layout], settings)


@pytest.mark.parametrize(
    ("layout", "settings"),
    [("bare", replace(SHORT, free_first=True)), ("bare-bos", STAGES), ("anchored", LOW)],
)
def test_packed_rows_take_the_same_course(decoder, layout, settings, monkeypatch):
    """What GPUs use, on the kernels' plain twins: rows of many lengths end to end."""
    read, wide = layouts(decoder)[layout], torch.float64
    expected = make(read, settings)

    def packed(decoder: Decoder, dtype: torch.dtype, k: int, n: int, given: int) -> FusedPass:
        frame = Frame.of(decoder, k)
        weights = weights_of(decoder.network(wide), frame.before + n, wide, wide)
        return FusedPass(weights, frame, wide, wide, plain, given)

    monkeypatch.setattr("cramboard.methods.published.run.choose_pass", packed)
    found = make(read, settings)
    for one, other in zip(found.claims, expected.claims, strict=True):
        assert (one.tokens, one.steps, one.accuracy) == (other.tokens, other.steps, other.accuracy)
        # transformers' norms and rotary tables go through float32.
        assert one.loss_nats == pytest.approx(other.loss_nats, rel=1e-3)
    for one, other in zip(found.vectors, expected.vectors, strict=True):
        assert (one - other).norm() < 1e-2 * other.norm()


@pytest.mark.parametrize("settings", [SHORT, STAGES, LOW])
def test_two_vectors_a_text(decoder, settings):
    hold(decoder, replace(settings, span=2), k=2)


def test_the_samples_above_end_by_every_rule(decoder):
    whole, steps, patience = make(decoder, SHORT).claims
    assert (whole.accuracy, whole.steps < SHORT.steps) == (1.0, True)
    assert (steps.accuracy < 1.0, steps.steps) == (True, SHORT.steps)
    assert (patience.accuracy < 1.0, patience.steps < SHORT.steps) == (True, True)
    for settings in (STAGES, LOW):
        by_end = {}
        for claim in make(decoder, settings).claims:
            assert claim.accuracy == 1.0
            end = "whole" if claim.tokens == 3 else "steps" if claim.steps == settings.steps else "stage"
            by_end[end] = claim.tokens
        assert by_end.keys() == {"whole", "steps", "stage"}


@pytest.mark.parametrize("settings", [SHORT, STAGES])
def test_order_and_company_change_nothing(decoder, settings, monkeypatch):
    whole = make(decoder, settings)
    monkeypatch.setattr("cramboard.methods.engine.search._MOST_SLOTS", 1)
    turned = make(decoder, settings, TEXTS[::-1])
    for one, other in zip(whole.vectors, turned.vectors[::-1], strict=True):
        assert torch.allclose(one, other, rtol=1e-6, atol=1e-7)
    for one, other in zip(whole.claims, turned.claims[::-1], strict=True):
        assert (one.sample, one.tokens, one.steps, one.accuracy) == (
            other.sample, other.tokens, other.steps, other.accuracy
        )  # fmt: skip


def test_out_of_memory_halves_the_batch_and_changes_nothing(decoder, monkeypatch):
    expected = make(decoder, STAGES).vectors
    rows = []

    class Small(ReferencePass):
        def __call__(self, ids, *rest):
            rows.append(len(ids))
            if len(ids) > 1:
                raise torch.OutOfMemoryError("small")
            return super().__call__(ids, *rest)

    monkeypatch.setattr(
        "cramboard.methods.published.run.choose_pass",
        lambda decoder, dtype, k, n, given: Small(decoder, dtype, given),
    )
    found = make(decoder, STAGES).vectors
    assert sorted(set(rows)) == [1, 3]
    assert all(torch.allclose(a, b, rtol=1e-6, atol=1e-7) for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize("settings", [SHORT, STAGES])
def test_a_gradient_that_overflows_costs_its_sample_a_step_and_no_other_anything(decoder, settings, monkeypatch):
    expected = make(decoder, settings)
    calls = []

    class Overflowing(ReferencePass):
        def __call__(self, *given):
            gradients, *measured = super().__call__(*given)
            calls.append(len(gradients))
            if len(calls) == 2:
                # Slots are filled from the last: the first sample's.
                gradients[-1, 0, 0] = float("inf")
            return gradients, *measured

    monkeypatch.setattr(
        "cramboard.methods.published.run.choose_pass",
        lambda decoder, dtype, k, n, given: Overflowing(decoder, dtype, given),
    )
    found = make(decoder, settings)
    assert found.claims[1:] == expected.claims[1:]
    assert not torch.equal(found.vectors[0], expected.vectors[0])
    assert (found.claims[0].accuracy, found.claims[0].tokens) == (1.0, expected.claims[0].tokens)


@pytest.mark.parametrize("settings", [SHORT, STAGES])
def test_saving_late_stores_other_vectors_and_claims_the_same(decoder, settings):
    right, late = make(decoder, settings), make(decoder, replace(settings, late=True))
    assert late.claims == right.claims
    assert not any(torch.equal(a, b) for a, b in zip(right.vectors, late.vectors, strict=True))


def test_mixing_steps_claims_less_loss_for_the_same_vectors(decoder):
    slow = replace(SHORT, span=6)
    right, mixed = make(decoder, slow), make(decoder, replace(slow, mixed=True))
    assert all(torch.equal(a, b) for a, b in zip(right.vectors, mixed.vectors, strict=True))
    assert all(a.accuracy == b.accuracy for a, b in zip(right.claims, mixed.claims, strict=True))
    assert all(b.loss_nats <= a.loss_nats for a, b in zip(right.claims, mixed.claims, strict=True))
    assert any(b.loss_nats < a.loss_nats for a, b in zip(right.claims, mixed.claims, strict=True))


@pytest.mark.parametrize("settings", [SHORT, STAGES])
def test_a_first_token_that_is_free_counts_and_is_not_held(decoder, settings):
    free = make(decoder, replace(settings, free_first=True))
    for text, claim, vectors in zip(TEXTS, free.claims, free.vectors, strict=True):
        ids = torch.tensor([decoder.tokenize(text).ids[: max(2, claim.tokens)]])
        logits = decoder.logits(decoder.states(ids, vectors[None], torch.float32))[0]
        right = (logits.argmax(-1) == ids[0]).tolist()
        scored = right[1 : claim.tokens]
        assert claim.accuracy == pytest.approx(sum(scored) / len(scored)) if scored else claim.tokens == 0
    assert free.claims != make(decoder, settings).claims


def test_a_bos_is_the_first_token_of_the_papers_sequence(decoder):
    bare, bos = layouts(decoder)["bare"], layouts(decoder)["bare-bos"]
    assert {claim.tokens for claim in make(bare, SHORT).claims} == {3}
    assert {claim.tokens for claim in make(bos, SHORT).claims} == {4}


def test_the_curve_ends_with_what_the_vectors_hold(decoder):
    made = make(decoder, STAGES)
    (point,) = made.curve
    assert point.certified
    assert point.steps == max(claim.steps for claim in made.claims)
    # Right behind the true prefix and certified differ by the margin alone.
    for horizon, claim in zip(point.horizons, made.claims, strict=True):
        assert 0 <= horizon <= 3
        assert horizon <= claim.tokens or claim.tokens < 3
    assert point.seconds > 0


def test_one_token_cannot_be_asked_for_when_the_first_is_free(decoder):
    with pytest.raises(UsageError, match="at least 2"):
        make(decoder, replace(SHORT, free_first=True, span=1))


def test_the_presets_are_the_papers(decoder):
    own = choose_method("kuratov2025", "own")
    assert (own.layout, own.settings.free_first) == ("bare", True)
    assert choose_method("kuratov2025").preset == choose_method("tarasov2026").preset == "anchored"
    assert choose_method("tarasov2026", "low-dimensional-own").settings == replace(
        TarasovSettings(), layout="bare", rank=64
    )
    for name in ("kuratov2025", "tarasov2026"):
        for preset in choose_method(name).kind.presets:
            settings = choose_method(name, preset).settings
            assert not settings.late
            assert preset == "own" or not settings.free_first
    with pytest.raises(UsageError, match="setting layout: 'sideways' is not one of anchored, bare"):
        choose_method("tarasov2026", "own", {"layout": "sideways"})
