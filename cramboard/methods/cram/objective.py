"""What the search and the polish push on, per token, from the decoder's logits."""

import torch


def margins(logits: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """Return `z[t_i] - max_{j != t_i} z[j]`, `[b, n]`, from logits `[b, n, |V|]`."""
    own = logits.gather(-1, ids[..., None])[..., 0]
    top = logits.topk(2, dim=-1)
    rival = torch.where(top.indices[..., 0] == ids, top.values[..., 1], top.values[..., 0])
    return own - rival


def cross_entropy(logits: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """Return `-ln p(t_i)`, `[b, n]`, from logits `[b, n, |V|]`."""
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids.flatten(), reduction="none").view_as(ids)


def margin_hinge(logits: torch.Tensor, ids: torch.Tensor, wanted: float) -> torch.Tensor:
    """Return `relu(wanted + logsumexp_{j != t_i} z[j] - z[t_i])`, `[b, n]`: 0 once the margin is wide enough."""
    own = logits.gather(-1, ids[..., None])[..., 0]
    others = logits.scatter(-1, ids[..., None], float("-inf")).logsumexp(-1)
    return torch.relu(wanted + others - own)


def mean_over(losses: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the sum over samples of each one's mean loss over its first `targets` tokens.

    A sum over samples keeps them independent: no sample's gradient knows the batch.

    Args:
        losses: `[b, n]`.
        targets: `[b]`.
    """
    inside = torch.arange(losses.shape[1], device=losses.device) < targets[:, None]
    return ((losses * inside).sum(1) / targets.clamp(min=1)).sum()
