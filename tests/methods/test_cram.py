"""The engine is held to the simplest loop there is: one sample, plain Adam, float64, no batch, no windows."""

import math
from dataclasses import asdict

import pytest
import torch

from cramboard.decoders import Decoder, find_decoder, load_decoder
from cramboard.methods import Assignment, Request, choose_method
from cramboard.methods.cram import CramSettings
from cramboard.methods.cram.batch import Batch, leading
from cramboard.methods.cram.engine import cram, polishing
from cramboard.methods.cram.objective import cross_entropy, margin_hinge, margins, mean_weights
from cramboard.methods.cram.parameters import LowRank

TEXTS = ["The quick brown fox", "Pack my box with five dozen jugs", "Sphinx of black"]
SETTINGS = CramSettings(span=12, steps=60, rate=0.3, rank=4, first=2, grow=2, warmup=5, polish_steps=15)


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


def plain_stage(decoder, ids, parameters, compose, loss_of, steps, peak, warmup, grow, target, decay):
    """Optimise one text: textbook Adam, the whole sequence read each step, every rule written out."""
    network = decoder.network(torch.float64)
    embed = network.get_input_embeddings()
    first = [torch.zeros_like(p) for p in parameters]
    second = [torch.zeros_like(p) for p in parameters]
    best, horizon = compose().detach().clone(), 0
    for t in range(1, steps + 1):
        rate = peak * min(1, t / max(1, warmup)) * (0.02 + 0.49 * (1 + math.cos(math.pi * (t - 1) / steps)))
        vectors = compose()
        rows = torch.cat([embed(torch.tensor([decoder.anchor])), vectors, embed(ids[:-1])])
        logits = network(inputs_embeds=rows[None]).logits[0, len(vectors) :]
        gradients = torch.autograd.grad(loss_of(logits[:target], ids[:target]).mean(), parameters)
        right = 0
        while right < target:
            others = logits[right].clone()
            others[ids[right]] = -torch.inf
            if logits[right, ids[right]] - others.max() < SETTINGS.margin:
                break
            right += 1
        if right > horizon:
            best, horizon = vectors.detach().clone(), right
        if right == target:
            target = min(target + grow, len(ids))
        with torch.no_grad():
            for p, g, m, v in zip(parameters, gradients, first, second, strict=True):
                m.copy_(0.8 * m + 0.2 * g)
                v.copy_(0.9 * v + 0.1 * g * g)
                p -= rate * decay * p
                p -= rate * (m / (1 - 0.8**t)) / ((v / (1 - 0.9**t)).sqrt() + 1e-8)
        if horizon == len(ids):
            break
    return best


def simplest_search(decoder: Decoder, text: str, k: int) -> torch.Tensor:
    """Search the vectors of one text: z W + b under a sharpened cross-entropy."""
    spread = decoder.network(torch.float32).get_input_embeddings().weight.std().item()
    like = torch.zeros((), dtype=torch.float64)
    start = LowRank([text], k, SETTINGS.rank, decoder.d, spread, 0, like)
    z, w, b = (part[0].detach().clone().requires_grad_(True) for part in start.tensors)

    def sharpened(logits, ids):
        return -(logits / 0.25).log_softmax(-1).gather(-1, ids[:, None])

    ids = torch.tensor(decoder.tokenize(text).ids[: 12 * k])
    return plain_stage(decoder, ids, [z, w, b], lambda: z @ w + b, sharpened, 60, 0.3, 5, 2, 2, 0.02)


def simplest_polish(decoder: Decoder, text: str, vectors: torch.Tensor, target: int) -> torch.Tensor:
    """Polish the vectors of one text: a hinge against the log-sum-exp of the other logits."""

    def hinge(logits, ids):
        own = logits.gather(-1, ids[:, None])[:, 0]
        rivals = [torch.cat([row[:i], row[i + 1 :]]).logsumexp(0) for row, i in zip(logits, ids.tolist(), strict=True)]
        return torch.relu(0.5 + torch.stack(rivals) - own)

    plain = vectors.clone().requires_grad_(True)
    ids = torch.tensor(decoder.tokenize(text).ids[:12])
    return plain_stage(decoder, ids, [plain], lambda: plain, hinge, 15, 0.5, 0, 1, target, 0.0)


@pytest.mark.parametrize("k", [1, 2])
def test_a_batch_gives_each_sample_what_the_simplest_loop_gives_it_alone(decoder, k):
    made = cram(SETTINGS, request(decoder, TEXTS, k))
    assert made.curve[-1].mean_horizon > 0
    for text, vectors in zip(TEXTS, made.vectors, strict=True):
        alone = simplest_search(decoder, text, k)
        assert torch.allclose(vectors.double(), alone, rtol=1e-5, atol=1e-5), text


def test_the_polish_gives_each_sample_what_the_simplest_loop_gives_it_alone(decoder):
    begun = torch.randn(len(TEXTS), 1, decoder.d, generator=torch.Generator().manual_seed(0)).double()
    batch = Batch.of([decoder.tokenize(text).ids[:12] for text in TEXTS], decoder.device)
    stage = polishing(SETTINGS, decoder, batch, begun, torch.tensor([1, 2, 3]))
    stage.run(SETTINGS.polish_steps, SETTINGS.polish_rate, 0, lambda step, last: None)
    assert stage.horizons.max() > 0
    for index, text in enumerate(TEXTS):
        alone = simplest_polish(decoder, text, begun[index], index + 1)
        assert torch.allclose(stage.best[index], alone, rtol=1e-6, atol=1e-6), text


def test_a_search_ends_when_every_sample_counts_whole(decoder):
    made = cram(SETTINGS, request(decoder, ["a", "b"]))
    assert made.curve[-1].mean_horizon == 1.0
    assert made.curve[-1].steps < SETTINGS.steps


def test_the_same_seed_and_batch_give_the_same_vectors_twice(decoder):
    first = cram(SETTINGS, request(decoder, TEXTS, dtype=torch.float32)).vectors
    second = cram(SETTINGS, request(decoder, TEXTS, dtype=torch.float32)).vectors
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_another_seed_starts_elsewhere(decoder):
    first = cram(SETTINGS, request(decoder, TEXTS)).vectors
    other = cram(SETTINGS, request(decoder, TEXTS, seed=1)).vectors
    assert not any(torch.equal(a, b) for a, b in zip(first, other, strict=True))


def test_a_text_shorter_than_the_others_is_held_whole_and_no_further(decoder):
    made = cram(SETTINGS, request(decoder, ["ab", TEXTS[1]]))
    assert all(torch.isfinite(vectors).all() for vectors in made.vectors)


def test_the_curve_rises_and_ends_with_the_last_step(decoder):
    curve = cram(SETTINGS, request(decoder, TEXTS)).curve
    assert curve[-1].steps == SETTINGS.steps
    assert [point.seconds for point in curve] == sorted(point.seconds for point in curve)
    assert curve[0].mean_horizon <= curve[-1].mean_horizon


@pytest.mark.parametrize("precision", [torch.bfloat16, torch.float16])
def test_a_search_in_half_precision_is_polished_in_float32(decoder, precision):
    made = cram(SETTINGS, request(decoder, TEXTS, dtype=precision))
    assert made.curve[-1].steps > SETTINGS.steps
    assert made.curve[0].certified is False
    assert made.curve[-1].certified is True
    assert all(vectors.dtype == torch.float32 for vectors in made.vectors)


def test_margins_find_the_best_rival_on_either_side():
    logits = torch.tensor([[3.0, 1.0, 2.0], [3.0, 1.0, 2.0]])
    assert margins(logits, torch.tensor([0, 1])).tolist() == [1.0, -2.0]


def test_the_hinge_is_zero_once_the_margin_is_wide():
    logits = torch.tensor([[9.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    found = margin_hinge(logits, torch.tensor([0, 0]), wanted=0.5)
    assert found[0] == 0
    assert found[1].item() == pytest.approx(0.5 + math.log(2))


def test_the_mean_is_over_each_samples_target_and_the_sum_over_samples():
    losses = torch.tensor([[1.0, 3.0, 100.0], [2.0, 4.0, 6.0]])
    assert (losses * mean_weights(torch.tensor([2, 3]), 3, losses)).sum().item() == 2.0 + 4.0
    assert cross_entropy(torch.zeros(2, 4), torch.tensor([1, 2])).tolist() == pytest.approx([math.log(4)] * 2)


def test_running_the_head_in_chunks_changes_nothing(decoder, monkeypatch):
    whole = cram(SETTINGS, request(decoder, TEXTS)).vectors
    monkeypatch.setattr("cramboard.methods.cram.forward._LOGITS", 5 * decoder.vocabulary)
    chunked = cram(SETTINGS, request(decoder, TEXTS)).vectors
    assert all(torch.allclose(a, b, rtol=1e-5, atol=1e-5) for a, b in zip(whole, chunked, strict=True))


def test_leading_counts_up_to_the_first_failure_and_the_limit():
    ok = torch.tensor([[True, True, False, True], [True] * 4, [False] * 4])
    assert leading(ok, torch.tensor([4, 3, 4])).tolist() == [2, 3, 0]


def test_windows_are_whole_buckets_within_the_batch():
    batch = Batch.of([[1] * 20, [2] * 5], torch.device("cpu"))
    assert [batch.window(n, 8) for n in (1, 8, 9, 20)] == [8, 8, 16, 20]
    assert batch.ids.shape == (2, 20)
    assert batch.lengths.tolist() == [20, 5]


def test_a_samples_start_does_not_depend_on_its_neighbours():
    like = torch.zeros(())
    alone = LowRank(["b"], 1, 4, 8, 1.0, 0, like).vectors()
    beside = LowRank(["a", "b"], 1, 4, 8, 1.0, 0, like).vectors()
    assert torch.equal(alone[0], beside[1])


def test_every_setting_is_in_the_methods_reference():
    chosen = choose_method("cram", "quick", {"steps": "7"})
    assert chosen.ref.settings == asdict(chosen.settings)
    assert chosen.ref.settings["steps"] == 7
    assert chosen.preset is None
