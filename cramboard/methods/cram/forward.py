"""One pass through the decoder and back: the gradient of a weighted loss, and every token's margin.

The logits (vocabulary x tokens) are never held whole: the head is run a chunk of positions at a time, each chunk's
loss is sent back to its hidden states at once, and only those states' gradient goes on through the decoder.
"""

import contextlib
from collections.abc import Callable

import torch

from cramboard.decoders import Decoder
from cramboard.methods.cram.objective import margins

TokenLoss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

HALVES = (torch.float16, torch.bfloat16)
# Logits that exist at once.
_LOGITS = 2**27


def descend(
    decoder: Decoder,
    ids: torch.Tensor,
    vectors: torch.Tensor,
    weights: torch.Tensor,
    loss: TokenLoss,
    parameters: list[torch.Tensor],
    precision: torch.dtype,
) -> tuple[tuple[torch.Tensor, ...], torch.Tensor]:
    """Return the gradients of `sum(weights * loss)` and the margins `[b, n]`.

    Args:
        decoder: The frozen decoder.
        ids: `[b, n]`.
        vectors: `[b, k, d]` float32 (float64 in tests), made from `parameters`.
        weights: `[b, n]`.
        loss: Per-token losses `[m]` from logits `[m, |V|]` and ids `[m]`.
        parameters: What the gradients are taken of.
        precision: float16 and bfloat16 are autocast on float32 weights, so that the residual stream and its gradient
            stay float32; anything else is the vectors' own dtype.
    """
    chunk = max(1, _LOGITS // decoder.vocabulary)
    with torch.autocast(ids.device.type, precision) if precision in HALVES else contextlib.nullcontext():
        states = decoder.states(ids, vectors, vectors.dtype)
        pulls: list[torch.Tensor] = []
        found: list[torch.Tensor] = []
        for part, part_ids, part_weights in zip(
            torch.split(states.detach().flatten(0, 1), chunk),
            torch.split(ids.flatten(), chunk),
            torch.split(weights.flatten(), chunk),
            strict=True,
        ):
            part.requires_grad_(True)
            logits = decoder.logits(part).to(vectors.dtype)
            pulls += torch.autograd.grad((loss(logits, part_ids) * part_weights).sum(), part)
            found.append(margins(logits.detach(), part_ids))
    gradients = torch.autograd.grad(states, parameters, torch.cat(pulls).view_as(states))
    return gradients, torch.cat(found).view_as(ids)
