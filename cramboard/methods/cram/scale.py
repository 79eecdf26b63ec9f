"""A gradient scale for each sample, so that half-precision gradients neither vanish nor overflow."""

import torch

# Gradients of a mean over many tokens are small; those of a vector that is still near zero are huge.
_FIRST, _LARGEST = 1024.0, 16384.0
_GROWTH, _RETREAT = 1.02, 1 / 16


class GradientScale:
    """Scales each row's loss up and its gradients down again; a row whose gradients overflow retreats.

    A row is a sample, or the one row that all samples share. A row with a gradient that is not finite gets zeros for
    that step. In full precision the scale is 1 and only that last rule is left.
    """

    def __init__(self, rows: int, half: bool, like: torch.Tensor) -> None:
        self._largest = _LARGEST if half else 1.0
        self._scale = torch.full((rows,), min(_FIRST, self._largest), device=like.device, dtype=like.dtype)

    def up(self, weights: torch.Tensor) -> torch.Tensor:
        """Return weights `[b, n]` scaled by row."""
        return weights * self._scale[:, None]

    @torch.no_grad()
    def down(self, gradients: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        """Return gradients `[rows, ..]` at their true size, and learn from what overflowed."""
        fine = torch.stack([gradient.flatten(1).isfinite().all(1) for gradient in gradients]).all(0)
        true = tuple(
            torch.where(_over(fine, gradient), gradient / _over(self._scale, gradient), 0.0) for gradient in gradients
        )
        self._scale.copy_(torch.where(fine, (self._scale * _GROWTH).clamp(max=self._largest), self._scale * _RETREAT))
        return true


def _over(rows: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    return rows.view(-1, *[1] * (gradient.dim() - 1))
