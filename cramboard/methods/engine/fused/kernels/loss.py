"""Margins, and a sharpened cross-entropy with its gradient, from one chunk of logits that is used up."""

import torch
import triton
import triton.language as tl


@triton.jit
def _sharpened_loss(
    logits, out, ids, weights, margins, losses, sharpness, vocabulary: tl.constexpr, block: tl.constexpr
):
    log2e: tl.constexpr = 1.4426950408889634
    ln2: tl.constexpr = 0.6931471805599453
    row = tl.program_id(0).to(tl.int64)
    weight = tl.load(weights + row)
    z = logits + row * vocabulary
    g = out + row * vocabulary
    if weight == 0:
        for first in range(0, vocabulary, block):
            index = first + tl.arange(0, block)
            tl.store(g + index, tl.zeros([block], tl.float32).to(out.dtype.element_ty), mask=index < vocabulary)
    else:
        own = tl.load(ids + row)
        own_logit = tl.load(z + own).to(tl.float32)
        k = sharpness * log2e
        best = tl.full([block], -1e30, tl.float32)
        total = tl.zeros([block], tl.float32)
        for first in range(0, vocabulary, block):
            index = first + tl.arange(0, block)
            value = tl.load(z + index, mask=index < vocabulary, other=-1e30).to(tl.float32)
            value = tl.where(index == own, -1e30, value)
            higher = tl.maximum(best, value)
            total = total * tl.exp2((best - higher) * k) + tl.exp2((value - higher) * k)
            best = higher
        rival = tl.max(best, 0)
        tl.store(margins + row, own_logit - rival)
        others = rival * k + tl.log2(tl.sum(total * tl.exp2((best - rival) * k), 0))
        top = tl.maximum(others, own_logit * k)
        everyone = top + tl.log2(tl.exp2(others - top) + tl.exp2(own_logit * k - top))
        # ln(1 + e^(others - own)) by itself: the difference from everyone would round a small loss away.
        behind = others - own_logit * k
        tl.store(losses + row, (tl.maximum(behind, 0.0) + tl.log2(1 + tl.exp2(-tl.abs(behind)))) * ln2)
        a = weight * sharpness
        # 1 - p, from the others' share: p itself rounds to 1 long before they vanish.
        own_pull = -a * tl.exp2(others - everyone)
        for first in range(0, vocabulary, block):
            index = first + tl.arange(0, block)
            value = tl.load(z + index, mask=index < vocabulary, other=-1e30).to(tl.float32)
            pull = tl.where(index == own, own_pull, a * tl.exp2(value * k - everyone))
            tl.store(g + index, pull.to(out.dtype.element_ty), mask=index < vocabulary)


def sharpened_loss(
    logits: torch.Tensor, ids: torch.Tensor, weights: torch.Tensor, sharpness: float, margins: torch.Tensor,
    losses: torch.Tensor, dtype: torch.dtype,
) -> torch.Tensor:  # fmt: skip
    """Return the gradient `[m, |V|]` of `sum(weights * cross_entropy(sharpness * logits))`, in the logits' memory.

    Args:
        logits: `[m, |V|]`.
        ids: `[m]` int64.
        weights: `[m]` float32; where one is 0 the gradient is 0 and neither margin nor loss is written.
        sharpness: 1 / temperature.
        margins: `[m]` float32, filled with `z[t_i] - max_{j != t_i} z[j]`.
        losses: `[m]` float32, filled with `cross_entropy(sharpness * logits)`, nats.
        dtype: The gradient's, as wide as the logits'.
    """
    rows, vocabulary = logits.shape
    out = logits.view(dtype)
    block = min(4096, triton.next_power_of_2(vocabulary))
    _sharpened_loss[(rows,)](logits, out, ids, weights, margins, losses, sharpness, vocabulary, block, num_warps=8)
    return out
