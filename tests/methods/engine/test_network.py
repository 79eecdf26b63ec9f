"""The pass by hand is held to transformers and autograd in float64, on kernels' plain twins: any CPU runs it."""

import pytest
import torch

from cramboard.methods.engine.fused.network import FusedNetwork
from cramboard.methods.engine.fused.packing import Frame, pack, row_lengths
from cramboard.methods.engine.fused.weights import known, weights_of
from cramboard.methods.engine.passes.fused import FusedPass
from tests.methods.engine import plain
from tests.methods.engine.tiny import FAMILIES, gemma, llama

K, TEMPERATURE = 2, 0.3
TARGETS = torch.tensor([9, 0, 17, 1])


def framed(anchor: int | None = 5, k: int = K, suffix: tuple[int, ...] = ()) -> Frame:
    return Frame(anchor, k, torch.tensor(suffix, dtype=torch.long))


FRAME = framed()
LAYOUTS = {"anchored": FRAME, "suffix": framed(5, K, (8, 3)), "bare": framed(None), "bare-bos": framed(None, K, (7,))}


def rows():
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(0, 97, (4, 17), generator=generator)
    return ids, torch.randn(4, K, 48, generator=generator, dtype=torch.float64)


def simplest(network, ids, vectors, target, frame=FRAME, given=0):
    """Return the gradient, the margins and the losses of one row, by autograd over the whole sequence."""
    vectors = vectors.clone().requires_grad_(True)
    embed = network.get_input_embeddings()
    anchor = torch.tensor([] if frame.anchor is None else [frame.anchor], dtype=torch.long)
    inputs = torch.cat([embed(anchor), vectors, embed(frame.suffix), embed(ids[: target - 1])])
    logits = network(inputs_embeds=inputs[None]).logits[0, len(inputs) - target :]
    losses = torch.nn.functional.cross_entropy(logits / TEMPERATURE, ids[:target], reduction="none")
    own = logits.gather(1, ids[:target, None])[:, 0]
    rivals = logits.scatter(1, ids[:target, None], -torch.inf).amax(1)
    return torch.autograd.grad(losses[given:].mean(), vectors)[0], (own - rivals).detach(), losses.detach()


def fused(network, frame=FRAME, given=0):
    wide = torch.float64
    return FusedPass(weights_of(network, 32, wide, wide), frame, wide, wide, plain, given)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("layout", "given"), [(layout, 0) for layout in LAYOUTS] + [("bare", 1), ("bare-bos", 1)])
def test_packed_rows_get_the_gradients_margins_and_losses_of_each_row_alone(family, layout, given, monkeypatch):
    monkeypatch.setattr("cramboard.methods.engine.fused.head._LOGITS", 97 * 10)
    network, frame = FAMILIES[family](), LAYOUTS[layout]
    ids, vectors = rows()
    gradients, margins, losses = fused(network, frame, given)(ids, vectors, TARGETS, TEMPERATURE, 64)
    for row, target in enumerate(TARGETS.tolist()):
        if target <= given:
            assert not gradients[row].any()
            continue
        gradient, expected, each = simplest(network, ids[row], vectors[row], target, frame, given)
        # transformers' norms and rotary tables go through float32.
        assert (gradients[row] - gradient).norm() < 1e-5 * gradient.norm()
        assert torch.allclose(margins[row, :target].double(), expected, rtol=1e-4, atol=1e-4)
        assert torch.allclose(losses[row, :target].double(), each, rtol=1e-4, atol=1e-4)


def test_neighbours_order_and_room_do_not_matter():
    ids, vectors = rows()
    a_pass = fused(llama())
    gradients, _, _ = a_pass(ids, vectors, TARGETS, TEMPERATURE, 64)
    order = torch.tensor([2, 3, 0, 1])
    turned, _, _ = a_pass(ids[order], vectors[order], TARGETS[order], TEMPERATURE, 40)
    assert torch.allclose(turned, gradients[order], rtol=1e-9, atol=1e-12)


def test_kernels_are_given_vectors_row_after_row_also_where_rows_share_them(monkeypatch):
    """The constant control gives all rows one vector, expanded; kernels take a stride of d for granted."""
    ids, _ = rows()
    shared = torch.randn(1, 1, 48, dtype=torch.float64, generator=torch.Generator().manual_seed(2)).expand(4, -1, -1)
    wide = torch.float64
    a_pass = FusedPass(weights_of(llama(), 32, wide, wide), framed(k=1), wide, wide, plain)
    given = []
    descend = FusedNetwork.descend

    def spy(network, packing, vectors, sharpness):
        given.append(vectors)
        return descend(network, packing, vectors, sharpness)

    monkeypatch.setattr(FusedNetwork, "descend", spy)
    a_pass(ids, shared, TARGETS, TEMPERATURE, 64)
    assert [vectors.is_contiguous() for vectors in given] == [True]


def test_a_room_holds_its_need():
    a_pass = fused(llama())
    assert int(a_pass.need(TARGETS)) == 11 + 19 + 3
    for need in (1, 1000, 1024, 1025, 40_000):
        assert need <= a_pass.room(need) <= max(1024, 1.2 * need + 256)


def test_packing_lays_rows_end_to_end():
    ids, _ = rows()
    packing = pack(ids, TARGETS, FRAME, 40)
    assert row_lengths(TARGETS, FRAME).tolist() == [11, 0, 19, 3]
    assert packing.sources[:4].tolist() == [5, -1, -2, int(ids[0, 0])]
    assert packing.sources[11:15].tolist() == [5, -5, -6, int(ids[2, 0])]
    assert packing.ids[2:11].tolist() == ids[0, :9].tolist()
    assert packing.weights[:11].tolist() == pytest.approx([0, 0] + [1 / 9] * 9)
    assert packing.weights[33:].tolist() == [0] * 7
    assert packing.vectors.tolist()[:2] == [1, 2]
    assert packing.block_lengths.tolist() == [11, 19, 3, 0]
    assert packing.block_starts.tolist()[:3] == [0, 11, 30]


def test_a_bare_row_begins_with_its_vectors_and_has_the_suffix_behind_them():
    ids, _ = rows()
    packing = pack(ids, TARGETS, LAYOUTS["bare-bos"], 40)
    assert packing.sources[:4].tolist() == [-1, -2, 7, int(ids[0, 0])]
    assert packing.sources[11:15].tolist() == [-5, -6, 7, int(ids[2, 0])]
    assert packing.ids[2:11].tolist() == ids[0, :9].tolist()
    assert packing.vectors.tolist()[:2] == [0, 1]
    given = pack(ids, TARGETS, LAYOUTS["bare"], 40, 1)
    assert row_lengths(TARGETS, LAYOUTS["bare"]).tolist() == [10, 0, 18, 2]
    assert given.weights[:11].tolist() == pytest.approx([0, 0] + [1 / 8] * 8 + [0])


def test_only_what_it_computes_is_known():
    assert all(known(make().config) for make in FAMILIES.values())
    assert not known(llama(attention_bias=True).config)
    assert not known(llama(hidden_act="gelu").config)
    assert not known(gemma(final_logit_softcapping=30.0).config)


def test_the_network_leaves_its_weights_alone():
    network = llama()
    weights = weights_of(network, 32, torch.float64, torch.float64)
    before = weights.layers[0].qkv.forward.clone()
    ids, vectors = rows()
    packing = pack(ids, TARGETS, FRAME, 40)
    FusedNetwork(weights, torch.float64, torch.float64, plain).descend(packing, vectors.flatten(0, 1), 1.0)
    assert torch.equal(weights.layers[0].qkv.forward, before)
