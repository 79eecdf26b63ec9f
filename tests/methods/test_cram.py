"""The engine is held to the simplest loop there is: one sample, plain Adam, float64, no batch, no windows."""

import math
import time
from dataclasses import asdict, replace
from itertools import pairwise

import pytest
import torch

from cramboard.decoders import Decoder, find_decoder, load_decoder
from cramboard.methods import Assignment, Request, choose_method
from cramboard.methods.cram.make import cram
from cramboard.methods.cram.settings import CramSettings
from cramboard.methods.cram.slots import checkpoints
from cramboard.methods.engine.objective import leading, margins, mean_weights, sharpened_loss
from cramboard.methods.engine.parameters import LowRank
from cramboard.methods.engine.passes.reference import ReferencePass

TEXTS = ["The quick brown fox", "Pack my box with five dozen jugs", "Sphinx of black"]
SETTINGS = CramSettings(span=12, steps=60, patience=60, rate=0.3, rank=4, first=2, grow=4, settle=7, warmup=5)


@pytest.fixture(scope="module")
def decoder(tiny_folder) -> Decoder:
    return load_decoder(find_decoder(str(tiny_folder)))


def request(
    decoder: Decoder, texts: list[str], k: int = 1, seed: int = 0, dtype: torch.dtype = torch.float64
) -> Request:
    return Request(
        assignments=tuple(Assignment(text, decoder.tokenize(text).ids[: 12 * k], text) for text in texts),
        decoder=decoder,
        k=k,
        seed=seed,
        dtype=dtype,
        others=lambda count: [],
        report=lambda step, steps, horizons: None,
    )


def simplest_search(decoder: Decoder, text: str, k: int, settings: CramSettings = SETTINGS) -> torch.Tensor:
    """Search the vectors of one text: textbook Adam, the whole sequence read each step, every rule written out."""
    network = decoder.network(torch.float64)
    embed = network.get_input_embeddings()
    spread = decoder.network(torch.float32).get_input_embeddings().weight.std().item()
    ids = torch.tensor(decoder.tokenize(text).ids[: 12 * k])
    start = LowRank(1, k, settings.rank, decoder.d, spread, torch.zeros((), dtype=torch.float64))
    start.begin(0, text, 0)
    z, w, b = parameters = [part[0].clone().requires_grad_(True) for part in start.tensors]
    first, second = ([torch.zeros_like(p) for p in parameters] for _ in range(2))
    target, stride, aimed = min(settings.first * k, len(ids)), settings.grow * k, 0
    kept = {settings.margin: (0, (z @ w + b).detach()), settings.firm: (0, (z @ w + b).detach())}
    candidates, improved = [], 0

    def margins_of(vectors):
        rows = torch.cat([embed(torch.tensor([decoder.anchor])), vectors, embed(ids[:-1])])
        logits = network(inputs_embeds=rows[None]).logits[0, k:]
        own = logits.gather(1, ids[:, None])[:, 0]
        return logits, own - logits.scatter(1, ids[:, None], -torch.inf).amax(1)

    def count(margins, margin, limit):
        right = 0
        while right < limit and margins[right] >= margin:
            right += 1
        return right

    for t in range(1, settings.steps + 1):
        rate = settings.rate * min(1, t / settings.warmup)
        rate *= 0.02 + 0.49 * (1 + math.cos(math.pi * (t - 1) / settings.steps))
        vectors = z @ w + b
        logits, found = margins_of(vectors)
        loss = -(logits[:target] / settings.temperature).log_softmax(-1).gather(-1, ids[:target, None]).mean()
        gradients = torch.autograd.grad(loss, parameters)
        for margin, (horizon, _) in kept.items():
            if count(found, margin, target) > horizon:
                kept[margin] = (count(found, margin, target), vectors.detach().clone())
                improved = t if margin == settings.margin else improved
        if count(found, settings.margin, target) == target:
            stride = min(2 * stride, settings.grow * k)
            target, aimed = min(target + stride, len(ids)), t
        elif t - aimed >= settings.settle:
            stride = max(stride // 2, 1)
            target, aimed = min(target, kept[settings.margin][0] + stride), t
        with torch.no_grad():
            for p, g, m, v in zip(parameters, gradients, first, second, strict=True):
                m.copy_(0.8 * m + 0.2 * g)
                v.copy_(0.9 * v + 0.1 * g * g)
                p -= rate * settings.decay * p
                p -= rate * (m / (1 - 0.8**t)) / ((v / (1 - 0.9**t)).sqrt() + 1e-8)
        ends = t == settings.steps or t - improved >= settings.patience or kept[settings.firm][0] == len(ids)
        if ends or t in checkpoints(settings.steps):
            candidates.append(kept[settings.margin][1])
        if ends:
            break
    candidates += [kept[settings.firm][1], vectors.detach()]
    with torch.no_grad():
        return max(candidates, key=lambda candidate: count(margins_of(candidate)[1], 0.05, len(ids)))


@pytest.mark.parametrize("k", [1, 2])
def test_a_batch_gives_each_sample_what_the_simplest_loop_gives_it_alone(decoder, k):
    made = cram(SETTINGS, request(decoder, TEXTS, k))
    assert made.curve[-1].mean_horizon > 0
    for text, vectors in zip(TEXTS, made.vectors, strict=True):
        alone = simplest_search(decoder, text, k)
        assert torch.allclose(vectors.double(), alone, rtol=1e-5, atol=1e-5), text


@pytest.mark.parametrize("slots", [1, 2])
def test_samples_that_follow_one_another_in_a_slot_get_what_they_get_alone(decoder, slots, monkeypatch):
    texts = [*TEXTS, "a", "How vexingly quick daft zebras jump"]
    settings = replace(SETTINGS, patience=20)
    whole = cram(settings, request(decoder, texts))
    monkeypatch.setattr("cramboard.methods.engine.search._MOST_SLOTS", slots)
    turns = cram(settings, request(decoder, texts[::-1]))
    for one, other in zip(whole.vectors, turns.vectors[::-1], strict=True):
        assert torch.allclose(one, other, rtol=1e-6, atol=1e-6)
    assert [point.horizons for point in whole.curve] == [point.horizons[::-1] for point in turns.curve]
    alone = simplest_search(decoder, texts[1], 1, settings)
    assert torch.allclose(whole.vectors[1].double(), alone, rtol=1e-5, atol=1e-5)


def test_running_out_of_memory_halves_the_slots_and_keeps_what_is_done(decoder, monkeypatch):
    expected = cram(SETTINGS, request(decoder, TEXTS)).vectors
    rows = []

    class Small(ReferencePass):
        def __call__(self, ids, *rest):
            rows.append(len(ids))
            if len(ids) > 1:
                raise torch.OutOfMemoryError("small")
            return super().__call__(ids, *rest)

    monkeypatch.setattr("cramboard.methods.cram.make.choose_pass", lambda decoder, dtype, k, n: Small(decoder, dtype))
    found = cram(SETTINGS, request(decoder, TEXTS)).vectors
    assert sorted(set(rows)) == [1, 3]
    assert all(torch.allclose(a, b, rtol=1e-6, atol=1e-6) for a, b in zip(found, expected, strict=True))


def test_running_out_of_memory_with_one_sample_is_told(decoder, monkeypatch):
    def none(decoder, dtype, k, n):
        raise torch.OutOfMemoryError("none")

    monkeypatch.setattr("cramboard.methods.cram.make.choose_pass", none)
    with pytest.raises(torch.OutOfMemoryError):
        cram(SETTINGS, request(decoder, TEXTS))


def test_a_search_ends_when_every_sample_counts_whole(decoder):
    reports = []
    asked = replace(request(decoder, ["a", "b"]), report=lambda step, steps, horizons: reports.append(list(horizons)))
    made = cram(SETTINGS, asked)
    assert made.curve[-1].mean_horizon == 1.0
    assert reports[-1] == [1, 1]
    assert len(reports) < SETTINGS.steps


def test_the_same_seed_gives_the_same_vectors_twice(decoder):
    first = cram(SETTINGS, request(decoder, TEXTS, dtype=torch.float32)).vectors
    second = cram(SETTINGS, request(decoder, TEXTS, dtype=torch.float32)).vectors
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_another_seed_starts_elsewhere(decoder):
    first = cram(SETTINGS, request(decoder, TEXTS)).vectors
    other = cram(SETTINGS, request(decoder, TEXTS, seed=1)).vectors
    assert not any(torch.equal(a, b) for a, b in zip(first, other, strict=True))


def test_a_text_shorter_than_the_others_is_held_whole_and_no_further(decoder):
    made = cram(SETTINGS, request(decoder, ["ab", TEXTS[1]]))
    assert made.curve[-1].horizons[0] == 2


def test_the_curve_rises_and_ends_with_what_was_kept(decoder):
    curve = cram(SETTINGS, request(decoder, TEXTS)).curve
    assert [point.steps for point in curve] == list(checkpoints(SETTINGS.steps))
    assert curve[-1].steps == SETTINGS.steps
    assert [point.seconds for point in curve] == sorted(point.seconds for point in curve)
    for before, after in pairwise(curve):
        assert all(a <= b for a, b in zip(before.horizons, after.horizons, strict=True))
    assert all(point.certified for point in curve)


def test_the_cost_of_a_step_is_shared_among_the_samples_in_it(decoder):
    started = time.monotonic()
    curve = cram(SETTINGS, request(decoder, TEXTS)).curve
    assert 0 < len(TEXTS) * curve[-1].seconds <= time.monotonic() - started


@pytest.mark.parametrize("precision", [torch.bfloat16, torch.float16])
def test_a_search_in_half_precision_is_certified_in_float32(decoder, precision):
    made = cram(SETTINGS, request(decoder, TEXTS, dtype=precision))
    assert all(vectors.dtype == torch.float32 for vectors in made.vectors)
    assert made.curve[-1].mean_horizon > 0


def test_margins_find_the_best_rival_on_either_side():
    logits = torch.tensor([[3.0, 1.0, 2.0], [3.0, 1.0, 2.0]])
    assert margins(logits, torch.tensor([0, 1])).tolist() == [1.0, -2.0]


def test_the_mean_is_over_each_samples_target_and_the_sum_over_samples():
    losses = torch.tensor([[1.0, 3.0, 100.0], [2.0, 4.0, 6.0]])
    assert (losses * mean_weights(torch.tensor([2, 3]), 3, losses)).sum().item() == 2.0 + 4.0


def test_running_the_head_in_chunks_changes_nothing(decoder, monkeypatch):
    whole = cram(SETTINGS, request(decoder, TEXTS)).vectors
    for module in ("passes.reference", "certify"):
        monkeypatch.setattr(f"cramboard.methods.engine.{module}._LOGITS", 5 * decoder.vocabulary)
    monkeypatch.setattr("cramboard.methods.engine.certify._TOKENS", 30)
    chunked = cram(SETTINGS, request(decoder, TEXTS)).vectors
    assert all(torch.allclose(a, b, rtol=1e-5, atol=1e-5) for a, b in zip(whole, chunked, strict=True))


def test_leading_counts_up_to_the_first_failure_and_the_limit():
    ok = torch.tensor([[True, True, False, True], [True] * 4, [False] * 4])
    assert leading(ok, torch.tensor([4, 3, 4])).tolist() == [2, 3, 0]


def test_a_target_of_zero_leaves_its_row_out(decoder):
    a_pass = ReferencePass(decoder, torch.float64)
    ids = torch.tensor([decoder.tokenize(text).ids[:12] for text in TEXTS])
    vectors = torch.randn(3, 1, decoder.d, generator=torch.Generator().manual_seed(0)).double()
    gradients, _, _ = a_pass(ids, vectors, torch.tensor([5, 0, 9]), 1.0, a_pass.room(9))
    assert not gradients[1].any()
    assert gradients[0].any()


def test_rooms_are_whole_buckets(decoder):
    a_pass = ReferencePass(decoder, torch.float64)
    assert [a_pass.room(n) for n in (1, 8, 9, 20)] == [8, 8, 16, 24]
    assert int(a_pass.need(torch.tensor([3, 11, 0]))) == 11


def test_a_samples_start_does_not_depend_on_its_neighbours():
    alone, beside = (LowRank(rows, 1, 4, 8, 1.0, torch.zeros(())) for rows in (1, 2))
    beside.begin(0, "a", 0)
    alone.begin(0, "b", 0)
    beside.begin(1, "b", 0)
    assert torch.equal(alone.vectors()[0], beside.vectors()[1])


def test_the_pull_back_is_the_gradient_of_the_form():
    form = LowRank(2, 3, 4, 8, 1.0, torch.zeros((), dtype=torch.float64))
    for row, sample in enumerate("ab"):
        form.begin(row, sample, 0)
    pull = torch.randn(2, 3, 8, generator=torch.Generator().manual_seed(0)).double()
    leaves = [part.clone().requires_grad_(True) for part in form.tensors]
    expected = torch.autograd.grad(leaves[0] @ leaves[1] + leaves[2], leaves, pull)
    for found, gradient in zip(form.pull_back(pull), expected, strict=True):
        assert torch.allclose(found, gradient)


def test_every_setting_is_in_the_methods_reference():
    chosen = choose_method("cram", "quick", {"steps": "7"})
    assert chosen.ref.settings == asdict(chosen.settings)
    assert chosen.ref.settings["steps"] == 7
    assert chosen.preset is None


@pytest.mark.parametrize("sharpness", [1.0, 4.0])
@pytest.mark.parametrize("lead", [-60.0, -1.0, 0.0, 2.0, 30.0])
def test_the_loss_by_hand_is_that_of_autograd_however_sure_the_decoder_is(sharpness, lead):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(5, 11, generator=generator, dtype=torch.float64)
    ids, weights = torch.tensor([3, 0, 10, 5, 3]), torch.tensor([0.2, 0.5, 0.0, 1.0, 3.0], dtype=torch.float64)
    logits[torch.arange(5), ids] = -torch.inf
    logits[torch.arange(5), ids] = logits.amax(1) + lead
    leaf = logits.clone().requires_grad_(True)
    losses = torch.nn.functional.cross_entropy(leaf * sharpness, ids, reduction="none")
    (expected,) = torch.autograd.grad((losses * weights).sum(), leaf)
    pull, found, loss = sharpened_loss(logits.clone(), ids, weights, sharpness)
    assert torch.allclose(pull, expected, rtol=1e-9, atol=1e-15)
    assert torch.allclose(loss, losses, rtol=1e-9, atol=1e-15)
    assert found.tolist() == pytest.approx([lead] * 5)


def test_a_loss_too_small_for_a_probability_near_one_is_not_rounded_away():
    logits = torch.tensor([[30.0, 0.0, 0.0]])
    pull, _, loss = sharpened_loss(logits, torch.tensor([0]), torch.ones(1), 1.0)
    assert loss.item() == pytest.approx(2 * math.exp(-30), rel=1e-4)
    assert pull[0, 0].item() == pytest.approx(-2 * math.exp(-30), rel=1e-4)
