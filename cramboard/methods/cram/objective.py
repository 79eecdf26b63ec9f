"""What the search and the polish push on: per-token losses from the decoder's logits, and their weights."""

import torch


def margins(logits: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """Return `z[t_i] - max_{j != t_i} z[j]`, `[m]`; the logits `[m, |V|]` are used up."""
    own = logits.gather(-1, ids[:, None])[:, 0]
    return own - logits.scatter_(-1, ids[:, None], float("-inf")).amax(-1)


def cross_entropy(logits: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """Return `-ln p(t_i)`, `[m]`, from logits `[m, |V|]`."""
    return torch.nn.functional.cross_entropy(logits, ids, reduction="none")


def margin_hinge(logits: torch.Tensor, ids: torch.Tensor, wanted: float) -> torch.Tensor:
    """Return `relu(wanted + logsumexp_{j != t_i} z[j] - z[t_i])`, `[m]`: 0 once the margin is wide enough."""
    own = logits.gather(-1, ids[:, None])[:, 0]
    others = logits.scatter(-1, ids[:, None], float("-inf")).logsumexp(-1)
    return torch.relu(wanted + others - own)


def mean_weights(targets: torch.Tensor, n: int, like: torch.Tensor) -> torch.Tensor:
    """Return weights `[b, n]` that make a sum over tokens each sample's mean over its first `targets` `[b]` tokens.

    The samples' means are summed, not averaged: no sample's gradient knows the batch.
    """
    inside = torch.arange(n, device=targets.device) < targets[:, None]
    return inside.to(like.dtype) / targets.clamp(min=1)[:, None]
