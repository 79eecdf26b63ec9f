"""The head: from the last norm's output to margins, losses and the gradient, a chunk of logits at a time."""

from types import ModuleType

import torch

from cramboard.methods.engine.fused.weights import Product

# Logits that exist at once.
_LOGITS = 2**27


def head_pull(
    head: Product, x: torch.Tensor, ids: torch.Tensor, weights: torch.Tensor, sharpness: float, dtype: torch.dtype,
    ops: ModuleType,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:  # fmt: skip
    """Return margins and losses `[t]` and the gradient `[t, d]` of the weighted losses to `x`.

    Args:
        head: `[|V|, d]`.
        x: `[t, d]`, the last norm's output, in the head's forward dtype.
        ids: `[t]` int64: the token that each position is to foretell.
        weights: `[t]` float32: its share in the loss; where it is 0, margin, loss and gradient are 0.
        sharpness: The loss is the cross-entropy of the logits times this.
        dtype: The gradient's, that of the head's backward weight.
        ops: The kernels.
    """
    margins = torch.zeros(x.shape[0], device=x.device, dtype=weights.dtype)
    losses = torch.zeros_like(margins)
    dx = torch.empty_like(x, dtype=dtype)
    chunk = max(1, _LOGITS // head.forward.shape[0])
    for first in range(0, x.shape[0], chunk):
        part = slice(first, min(first + chunk, x.shape[0]))
        logits = x[part] @ head.forward.t()
        pull = ops.sharpened_loss(logits, ids[part], weights[part], sharpness, margins[part], losses[part], dtype)
        torch.mm(pull, head.backward, out=dx[part])
    return margins, losses, dx
