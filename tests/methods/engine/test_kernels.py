"""Each kernel is held to its plain twin in float64.

It runs on a CUDA device, and on any machine that has Triton with TRITON_INTERPRET=1; elsewhere it is skipped.
"""

import importlib.util
import os

import pytest
import torch

from cramboard.methods.engine.fused.packing import Frame, pack
from cramboard.methods.engine.fused.weights import weights_of
from tests.methods.engine import plain
from tests.methods.engine.tiny import FAMILIES

CUDA = torch.cuda.is_available()
pytestmark = [
    pytest.mark.gpu,
    # The interpreter's numpy overflows where a GPU's exp is infinite too, and 1 / (1 + inf) is right.
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
    pytest.mark.skipif(
        importlib.util.find_spec("triton") is None or not (CUDA or os.environ.get("TRITON_INTERPRET") == "1"),
        reason="needs Triton and a CUDA device, or Triton's interpreter",
    ),
]
DEVICE = "cuda" if CUDA else "cpu"


@pytest.fixture(scope="module")
def kernels():
    from cramboard.methods.engine.fused import kernels

    return kernels


def draw(*shape, seed=0, scale=1.0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * scale


def here(*tensors):
    moved = [t if t is None else (t.float() if t.is_floating_point() else t).to(DEVICE) for t in tensors]
    return moved[0] if len(moved) == 1 else moved


def near(found, expected, tolerance=2e-5):
    found, expected = found.double().cpu(), expected.double()
    assert (found - expected).norm() <= tolerance * expected.norm()


def rows(b=3, n=100):
    ids = torch.randint(0, 97, (b, n), generator=torch.Generator().manual_seed(3))
    return ids, torch.tensor([100, 0, 67])


def frame(device="cpu"):
    return Frame(5, 2, torch.empty(0, dtype=torch.long, device=device))


def packings(room=192):
    ids, targets = rows()
    return pack(ids, targets, frame(), room), pack(ids.to(DEVICE), targets.to(DEVICE), frame(DEVICE), room)


def test_embed(kernels):
    packing, there = packings()
    table, vectors = draw(97, 48), draw(6, 48, seed=1)
    near(
        kernels.embed(there.sources, here(table), here(vectors), 1.5), plain.embed(packing.sources, table, vectors, 1.5)
    )


@pytest.mark.parametrize("adds", ["nothing", "delta", "normed delta"])
def test_add_norm_and_back(kernels, adds):
    h, dx, dh, weight = draw(37, 48), draw(37, 48, seed=1), draw(37, 48, seed=2), draw(48, seed=3)
    delta = None if adds == "nothing" else draw(37, 48, seed=4)
    post = draw(48, seed=5) if adds == "normed delta" else None
    expected = plain.add_norm(h, delta, post, weight, 1e-5, torch.float64)
    found = kernels.add_norm(*here(h, delta, post, weight), 1e-5, torch.float32)
    for a, b in zip(found[: 3 + (post is not None)], expected, strict=False):
        near(a, b)
    norms = (expected[0], expected[2], weight)
    back = (delta if post is not None else None, expected[3], post)
    for carried in (None, dh):
        expected_back = plain.norm_backward(dx, *norms, carried, *back)
        found_back = kernels.norm_backward(*here(dx, *norms, carried, *back))
        near(found_back[0], expected_back[0])
        near(found_back[1], expected_back[1])


@pytest.mark.parametrize("gelu", [False, True])
def test_gate_and_back(kernels, gelu):
    gate_up, dout = draw(37, 160, scale=3), draw(37, 80, seed=1)
    near(kernels.gate(here(gate_up), gelu), plain.gate(gate_up, gelu))
    near(kernels.gate_backward(here(gate_up), here(dout), gelu), plain.gate_backward(gate_up, dout, gelu))


@pytest.mark.parametrize("family", FAMILIES)
def test_rotation_attention_and_back(kernels, family):
    packing, there = packings()
    weights = weights_of(FAMILIES[family](), 128, torch.float64, torch.float64)
    shape = weights.shape
    for layer in weights.layers[:2]:
        heads = shape.queries + shape.keys
        qkv, dout = draw(192, (heads + shape.keys) * shape.head), draw(192, shape.queries * shape.head, seed=1)
        tables, norms = (layer.cos.double(), layer.sin.double()), layer.head_norms
        qk, rstd = plain.rotate(qkv.clone(), packing.positions, *tables, heads, shape.queries, norms, 1e-6)
        found_qkv = here(qkv)
        found_qk, found_rstd = kernels.rotate(
            found_qkv, there.positions, *here(*tables), heads, shape.queries, here(norms), 1e-6
        )
        near(found_qk[:, : heads * shape.head], qk[:, : heads * shape.head])
        v, values = qkv[:, heads * shape.head :], found_qkv[:, heads * shape.head :]
        common = (shape.queries, shape.keys, shape.scale, layer.window)
        out, lse = plain.attend(qk, v, packing, *common)
        found_out, found_lse = kernels.attend(found_qk, values, there, *common)
        used = slice(0, 171)
        near(found_out[used], out[used])
        near(found_lse[:, used], lse[:, used])
        dqkv = plain.attend_backward(qk, v, packing, *common, *tables, out, lse, dout)
        found = kernels.attend_backward(
            found_qk, values, there, *common, *here(*tables), found_out, found_lse, here(dout)
        )
        near(found[used], dqkv[used])
        if norms is not None:
            plain.head_norm_backward(dqkv, qkv, rstd, norms, shape.queries)
            kernels.head_norm_backward(found, here(qkv), found_rstd, here(norms), shape.queries)
            near(found[used], dqkv[used])


@pytest.mark.parametrize("sharpness", [1.0, 4.0])
def test_sharpened_loss(kernels, sharpness):
    logits, ids = draw(21, 5000, scale=5), torch.arange(21) * 200
    weights = torch.rand(21, generator=torch.Generator().manual_seed(1)).double()
    weights[3] = 0
    logits[7, ids[7]] = 40
    margins, losses = torch.zeros(2, 21).double()
    found_margins, found_losses = torch.zeros(2, 21, device=DEVICE)
    expected = plain.sharpened_loss(logits, ids, weights, sharpness, margins, losses, torch.float64)
    found = kernels.sharpened_loss(
        here(logits), here(ids), here(weights), sharpness, found_margins, found_losses, torch.float32
    )
    near(found, expected)
    for at in (slice(0, 3), slice(4, None)):
        near(found_margins[at], margins[at])
        near(found_losses[at], losses[at])


@pytest.mark.skipif(not CUDA, reason="needs a CUDA device")
@pytest.mark.parametrize("family", FAMILIES)
def test_the_whole_pass_in_half_precision(kernels, family):
    from cramboard.methods.engine.passes.fused import FusedPass

    network = FAMILIES[family]()
    ids, targets = rows()
    vectors = draw(3, 2, 48, seed=9)
    wide = FusedPass(
        weights_of(network, 128, torch.float64, torch.float64), frame(), torch.float64, torch.float64, plain
    )
    gradients, margins, losses = wide(ids, vectors, targets, 0.3, 192)
    there = network.float().to(DEVICE)
    half, pulls = torch.float16, torch.bfloat16
    narrow = FusedPass(weights_of(there, 128, half, pulls), frame(DEVICE), half, pulls, kernels)
    found, found_margins, found_losses = narrow(ids.to(DEVICE), here(vectors), targets.to(DEVICE), 0.3, 192)
    near(found, gradients, 0.05)
    near(found_margins[0], margins[0], 0.01)
    near(found_losses[0], losses[0], 0.01)
