"""The scored layout is `[anchor] v_1..v_k t_1 t_2 ..`, or that without its anchor, held to the plainest computation."""

import pytest
import torch

from cramboard.decoders import Decoder, find_decoder, load_decoder
from cramboard.verify import scoring
from cramboard.verify.greedy import greedy_horizons
from cramboard.verify.measures import horizon, quantise, token_margins
from cramboard.verify.robustness import bfloat16_decoder_horizon, float64_difference, stored_horizons
from cramboard.verify.scoring import score


@pytest.fixture(scope="module")
def decoder(tiny_folder) -> Decoder:
    return load_decoder(find_decoder(str(tiny_folder)))


def plain_logits(decoder: Decoder, ids: list[int], vectors: torch.Tensor | None) -> torch.Tensor:
    """Feed the whole sequence through the library's own forward pass, in float64."""
    network = decoder.network(torch.float64)
    embed = network.get_input_embeddings()
    rows = [embed(torch.tensor([decoder.anchor] if decoder.layout == "anchored" else [], dtype=torch.long))]
    if vectors is not None:
        rows.append(vectors.double())
    rows.append(embed(torch.tensor([*decoder.suffix, *ids])))
    logits = network(inputs_embeds=torch.cat(rows)[None]).logits[0]
    return logits[-len(ids) - 1 : -1]


@pytest.mark.parametrize("k", [0, 1, 3])
def test_every_token_is_scored_the_first_too(decoder, k):
    generator = torch.Generator().manual_seed(k)
    vectors = torch.randn(k, decoder.d, generator=generator) if k else None
    ids = torch.randint(0, 256, (40,), generator=generator)
    found = score(decoder, ids, vectors)
    logits = plain_logits(decoder, ids.tolist(), vectors)
    expected = -logits.log_softmax(-1).gather(-1, ids[:, None])[:, 0] / torch.log(torch.tensor(2.0).double())
    assert torch.allclose(found.bits, expected, atol=1e-4)
    assert len(found.margins) == 40


@pytest.mark.parametrize("suffix", [(), (7, 9)])
@pytest.mark.parametrize("k", [0, 1, 3])
def test_a_bare_layout_has_no_anchor_and_scores_all_that_something_stands_before(decoder, suffix, k):
    bare = decoder.in_layout("bare", suffix)
    generator = torch.Generator().manual_seed(k)
    vectors = torch.randn(k, decoder.d, generator=generator) if k else None
    ids = torch.randint(0, 256, (40,), generator=generator)
    found = score(bare, ids, vectors)
    unforetold = 0 if k or suffix else 1
    logits = plain_logits(bare, ids.tolist(), vectors)[-40 + unforetold :]
    expected = -logits.log_softmax(-1).gather(-1, ids[unforetold:, None])[:, 0] / torch.log(torch.tensor(2.0).double())
    assert torch.allclose(found.bits[unforetold:], expected, atol=1e-4)
    assert len(found.margins) == len(found.bits) == 40
    if unforetold:
        assert (float(found.bits[0]), bool(found.margins[0] > 0)) == (0.0, False)
        assert score(bare, ids[:1], None).bits.tolist() == [0.0]
    assert bare.foretells_first == bool(suffix)


def test_a_text_fills_the_context_in_every_layout(short_folder):
    """The last position read is the last there is: one token more is refused room."""
    decoder = load_decoder(find_decoder(str(short_folder)))
    rooms = {("anchored", ()): 197, ("anchored", (7,)): 196, ("bare", ()): 198, ("bare", (7,)): 197}
    for (layout, suffix), room in rooms.items():
        read = decoder.in_layout(layout, suffix)
        assert read.room(3) == room
        opening = read.opening(1, torch.zeros(1, 3, decoder.d), torch.float32)
        assert opening.shape[1] + room - 1 == decoder.context == 200


def test_the_greedy_decode_reads_the_bare_layout(decoder):
    bare = decoder.in_layout("bare", (7,))
    vectors = torch.randn(2, decoder.d, generator=torch.Generator().manual_seed(5))
    ids = greedy_text(bare, vectors, 8)
    assert greedy_horizons(bare, [torch.tensor(ids)], [vectors]) == [8]
    assert ids != greedy_text(decoder, vectors, 8)


def test_chunks_of_positions_change_nothing(decoder, monkeypatch):
    ids = torch.arange(50)
    whole = score(decoder, ids, None)
    monkeypatch.setattr(scoring, "_CHUNK", 7)
    parts = score(decoder, ids, None)
    assert torch.allclose(whole.margins, parts.margins, atol=1e-5)
    assert torch.allclose(whole.bits, parts.bits, atol=1e-5)


def test_scoring_leaves_the_precision_as_it_was(decoder):
    torch.set_float32_matmul_precision("high")
    try:
        score(decoder, torch.arange(4), None)
        assert torch.get_float32_matmul_precision() == "high"
    finally:
        torch.set_float32_matmul_precision("highest")


def greedy_text(decoder: Decoder, vectors: torch.Tensor, length: int) -> list[int]:
    """Decode greedily without a cache, in float64."""
    ids: list[int] = []
    for _ in range(length):
        ids.append(int(plain_logits(decoder, [*ids, 0], vectors)[-1].argmax()))
    return ids


def test_the_greedy_decode_counts_each_text_to_the_first_token_that_differs(decoder):
    vectors = torch.randn(2, decoder.d, generator=torch.Generator().manual_seed(5))
    ids = greedy_text(decoder, vectors, 12)
    wrong = [*ids[:7], (ids[7] + 1) % 256, *ids[8:]]
    other = torch.randn(2, decoder.d, generator=torch.Generator().manual_seed(6))
    texts = [torch.tensor(text) for text in (ids, wrong, greedy_text(decoder, other, 5), [])]
    assert greedy_horizons(decoder, texts, [vectors, vectors, other, other]) == [12, 7, 5, 0]


def test_the_teacher_forced_horizon_of_a_decoded_text_is_its_length(decoder):
    vectors = torch.randn(1, decoder.d, generator=torch.Generator().manual_seed(6))
    ids = greedy_text(decoder, vectors, 12)
    assert (score(decoder, torch.tensor(ids), vectors).margins > 0).all()


def test_coarser_storage_is_measured_down_from_the_certificates_own(decoder):
    vectors = torch.randn(1, decoder.d, generator=torch.Generator().manual_seed(6))
    ids = torch.tensor(greedy_text(decoder, vectors, 6))
    stored = stored_horizons(decoder, ids, vectors, "bfloat16")
    assert list(stored) == ["bfloat16", "int8", "int4"]
    assert stored["bfloat16"].horizon == 6
    assert stored["int4"].bits == 4 * decoder.d + 32
    for dtype in ("int8", "int4"):
        logits = plain_logits(decoder, ids.tolist(), quantise(vectors, dtype))
        assert stored[dtype].horizon == horizon(token_margins(logits, ids), 0.05)
    assert stored["int4"].horizon < 6


def test_storage_and_decoders_that_cannot_hold_a_number_keep_nothing(decoder):
    """The first vector is as good as none in float32, and an infinity in bfloat16: its logits are no numbers."""
    vectors = torch.randn(2, decoder.d, generator=torch.Generator().manual_seed(6))
    vectors[0] = torch.finfo(torch.float32).max
    ids = torch.tensor(greedy_text(decoder, vectors, 6))
    assert stored_horizons(decoder, ids, vectors, "float32")["bfloat16"].horizon == 0
    assert bfloat16_decoder_horizon(decoder, ids, vectors) == 0


def test_nothing_recovered_keeps_nothing_at_any_dtype(decoder):
    empty = torch.tensor([], dtype=torch.long)
    stored = stored_horizons(decoder, empty, torch.ones(1, decoder.d), "float32")
    assert {row.horizon for row in stored.values()} == {0}


def test_float32_logits_stay_near_float64(decoder):
    vectors = 50 * torch.randn(1, decoder.d, generator=torch.Generator().manual_seed(7))
    difference = float64_difference(decoder, torch.arange(64), vectors)
    assert 0 < difference < 0.01
