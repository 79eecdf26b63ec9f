"""What the search pushes on: per-token losses from the decoder's logits, and their weights."""

import torch


def margins(logits: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """Return `z[t_i] - max_{j != t_i} z[j]`, `[m]`; the logits `[m, |V|]` are used up."""
    own = logits.gather(-1, ids[:, None])[:, 0]
    return own - logits.scatter_(-1, ids[:, None], float("-inf")).amax(-1)


def cross_entropy(logits: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """Return `-ln p(t_i)`, `[m]`, from logits `[m, |V|]`."""
    return torch.nn.functional.cross_entropy(logits, ids, reduction="none")


def mean_weights(targets: torch.Tensor, n: int, like: torch.Tensor, given: int = 0) -> torch.Tensor:
    """Return weights `[b, n]` that make a sum over tokens each sample's mean over its first `targets` `[b]` tokens.

    The samples' means are summed, not averaged: no sample's gradient knows the batch. The first `given` tokens are
    left out of the mean.
    """
    positions = torch.arange(n, device=targets.device)
    inside = (positions >= given) & (positions < targets[:, None])
    return inside.to(like.dtype) / (targets - given).clamp(min=1)[:, None]


def finite(gradients: torch.Tensor) -> torch.Tensor:
    """Return the gradients `[b, k, d]` with 0 in every row where one is not finite: half precision overflows."""
    fine = gradients.flatten(1).isfinite().all(1)
    return torch.where(fine[:, None, None], gradients, 0.0)


def leading(ok: torch.Tensor, limits: torch.Tensor) -> torch.Tensor:
    """Return how many leading tokens of each row are ok, `[b]`, counted no further than its limit.

    Args:
        ok: `[b, n]` booleans.
        limits: `[b]`.
    """
    positions = torch.arange(ok.shape[1], device=ok.device)
    first_failure = torch.where(ok, ok.shape[1], positions).amin(1)
    return torch.minimum(first_failure, limits)
