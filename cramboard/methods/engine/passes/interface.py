"""What the search asks of a decoder."""

from typing import Protocol

import torch


class Pass(Protocol):
    """A pass through a frozen decoder and back, over rows that each have a target of their own.

    A row's result depends on that row alone. A pass is recorded for a *room*, so its cost and its shapes are fixed
    beforehand; rows that do not fit the room must not be asked for.
    """

    def need(self, targets: torch.Tensor) -> torch.Tensor:
        """Return the room that rows with targets `[b]` need, a scalar on their device."""

    def room(self, need: int) -> int:
        """Return the room to record for a need: one of a few sizes."""

    def rows(self, n: int) -> int:
        """Return how many rows of `n` tokens the device's free memory holds at once; at least 1."""

    def __call__(
        self, ids: torch.Tensor, vectors: torch.Tensor, targets: torch.Tensor, temperature: float, room: int
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the gradient `[b, k, d]` of each row's loss to its vectors, its margins and its losses `[b, m]`.

        The loss is the mean, over the row's first `targets` tokens, of the cross-entropy (nats) of the logits divided
        by `temperature`, which `losses` holds for each token. Leading tokens that a pass is told are given are read,
        and left out of the mean. Margins and losses mean nothing for these and beyond the target. A target of 0
        leaves its row out: its gradient is 0.

        Args:
            ids: `[b, n]`.
            vectors: `[b, k, d]` float32 (float64 in tests).
            targets: `[b]`.
            temperature: Below 1 it dwells on the tokens that are not yet right.
            room: What `room` returned for their need, or more.
        """
