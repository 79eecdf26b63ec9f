"""Who sits in which slot of a search, and which slots take a step: the same for every method."""

from collections.abc import Sequence

import torch

from cramboard.methods.engine.passes import Pass


class Seats:
    """The samples in `count` slots: their tokens, how many leading ones are asked for, their steps, who is live.

    All of it lies in tensors that stay where they are, and nothing here synchronises but `sit`.
    """

    def __init__(self, a_pass: Pass, count: int, n: int, rates: Sequence[float], like: torch.Tensor) -> None:
        whole = torch.zeros(count, device=like.device, dtype=torch.long)
        self._pass = a_pass
        self._rates = torch.tensor(rates, device=like.device, dtype=like.dtype)
        self.ids = whole.new_zeros(count, n)
        self.lengths, self.targets, self.steps = (whole.clone() for _ in range(3))
        self.live = whole.bool()

    def sit(self, row: int, ids: tuple[int, ...], target: int) -> None:
        """Seat a sample's tokens in slot `row`, its first `target` asked for."""
        self.ids[row] = 0
        self.ids[row, : len(ids)] = torch.tensor(ids)
        self.lengths[row] = len(ids)
        self.targets[row] = target
        self.steps[row] = 0
        self.live[row] = True

    def called(self, room: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return which slots take a step, `[count]`, and their targets, 0 for the others.

        If the live ones do not fit the room together, nobody does.
        """
        targets = torch.where(self.live, self.targets, 0)
        active = self.live & (self._pass.need(targets) <= room)
        return active, torch.where(active, targets, 0)

    def advance(self, active: torch.Tensor) -> torch.Tensor:
        """Count a step of the active slots; return each slot's rate for it, `[count]`; late steps have the last one."""
        rates = self._rates[self.steps.clamp(max=len(self._rates) - 1)]
        self.steps.add_(active)
        return rates

    def observe(self, horizons: torch.Tensor) -> torch.Tensor:
        """Return `[count + 1, 3]` int64: each slot's life, horizon and steps; in the last row the room needed."""
        need = self._pass.need(torch.where(self.live, self.targets, 0))
        return torch.cat([torch.stack([self.live.long(), horizons, self.steps], 1), need.long().expand(1, 3)])
