"""What the search pushes on: per-token losses from the decoder's logits, and their weights."""

import torch


def margins(logits: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """Return `z[t_i] - max_{j != t_i} z[j]`, `[m]`; the logits `[m, |V|]` are used up."""
    own = logits.gather(-1, ids[:, None])[:, 0]
    return own - logits.scatter_(-1, ids[:, None], float("-inf")).amax(-1)


@torch.no_grad()
def sharpened_loss(
    logits: torch.Tensor, ids: torch.Tensor, weights: torch.Tensor, sharpness: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the gradient of the weighted losses to the logits, the margins and the losses.

    By hand, because autograd goes over the logits, which are the largest tensor of a step, twice as often.

    Args:
        logits: `[m, |V|]`; they are used up.
        ids: `[m]`: the token that each row is to foretell.
        weights: `[m]`: its share in the loss.
        sharpness: The loss is the cross-entropy of the logits times this, in nats.
    """
    lead = margins(logits, ids)
    # The margins took the own tokens out; among the others the rival is the likeliest, and its probability there is
    # p_rival = 1 / sum_j exp(s (z_j - z_rival)).
    among = torch.softmax(logits.mul_(sharpness), -1)
    # ln((1 - p) / p) of the own token, which neither rounds away a p close to 1 nor overflows.
    behind = -among.amax(-1).log() - sharpness * lead
    pull = (weights * sharpness * torch.sigmoid(behind))[:, None]
    return among.mul_(pull).scatter_(-1, ids[:, None], -pull), lead, torch.nn.functional.softplus(behind)


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
