"""The samples that are being searched now: a fixed number of slots on the device, each with a life of its own."""

import math
from dataclasses import dataclass

import torch

from cramboard.methods.cram.settings import CramSettings
from cramboard.methods.engine.adam import Adam
from cramboard.methods.engine.objective import finite, leading
from cramboard.methods.engine.parameters import LowRank
from cramboard.methods.engine.passes import Pass
from cramboard.methods.engine.seats import Seats

# Fractions of a search's steps after which its best vectors are set aside for the anytime curve.
_FRACTIONS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


def checkpoints(steps: int) -> tuple[int, ...]:
    """Return the step counts of a search's points on the anytime curve."""
    return tuple(sorted({max(1, round(steps * fraction)) for fraction in _FRACTIONS}))


@dataclass(frozen=True)
class CramFound:
    """What a finished search leaves.

    Attributes:
        candidates: `[c, k, d]`: the best at each checkpoint in order, the best at the firm margin, the last measured.
        counted: Leading tokens that the search counted for each candidate (for the last, the most that it counted).
        checkpoints: How many of the candidates are checkpoints'.
        steps: Steps taken.
    """

    candidates: torch.Tensor
    counted: tuple[int, ...]
    checkpoints: int
    steps: int

    @property
    def horizon(self) -> int:
        """The most leading tokens that the search counted."""
        return self.counted[-1]


class CramSlots:
    """Moves the vectors of up to `count` samples at once.

    A slot's target is a number of leading tokens. The loss is the mean over them; once all of them count, the target
    grows. The kept vectors are the very ones that were measured, not the ones a step later. A slot's whole course
    depends on its sample alone: its rate follows its own steps, and a step that does not fit the room is no step for
    anybody.
    """

    def __init__(
        self,
        settings: CramSettings,
        a_pass: Pass,
        count: int,
        k: int,
        n: int,
        d: int,
        spread: float,
        like: torch.Tensor,
    ) -> None:
        device = like.device
        self._settings, self._pass, self._k = settings, a_pass, k
        self._parameters = LowRank(count, k, settings.rank, d, spread, like)
        self._adam = Adam(self._parameters.tensors, settings.beta1, settings.beta2, settings.decay)
        self._seats = Seats(a_pass, count, n, _rates(settings), like)
        self.ids = self._seats.ids
        self._checkpoints = torch.tensor(checkpoints(settings.steps), device=device)
        whole = torch.zeros(count, device=device, dtype=torch.long)
        self._rows = torch.arange(count, device=device)
        self._strides, self._aimed, self._improved = (whole.clone() for _ in range(3))
        self._horizons, self._firm_horizons = whole.clone(), whole.clone()
        self._best, self._firm, self._last = (like.new_zeros(count, k, d) for _ in range(3))
        self._history = like.new_zeros(count, len(self._checkpoints), k, d)
        self._history_horizons = whole.new_zeros(count, len(self._checkpoints))

    def begin(self, row: int, sample: str, ids: tuple[int, ...], seed: int) -> None:
        """Seat a sample in slot `row`."""
        self._parameters.begin(row, sample, seed)
        self._adam.begin(row)
        self._seats.sit(row, ids, min(self._settings.first * self._k, len(ids)))
        self._strides[row] = self._settings.grow * self._k
        for count in (self._aimed, self._improved, self._horizons, self._firm_horizons):
            count[row] = 0
        vectors = self._parameters.vectors()[row]
        for kept in (self._best, self._firm, self._last):
            kept[row] = vectors

    def take(self, row: int) -> CramFound:
        """Return what the finished search in slot `row` found; the slot is free then."""
        steps = int(self._seats.steps[row])
        reached = sum(point < steps for point in self._checkpoints.tolist()) + 1
        kept = torch.cat([self._history[row, :reached], self._firm[row][None], self._last[row][None]])
        self._seats.live[row] = False
        last = torch.stack([self._firm_horizons[row], self._horizons[row]])
        counted = torch.cat([self._history_horizons[row, :reached], last]).tolist()
        return CramFound(kept, tuple(counted), reached, steps)

    def observe(self) -> torch.Tensor:
        """Return `[count + 1, 3]` int64: each slot's life, horizon and steps; in the last row the room needed."""
        return self._seats.observe(self._horizons)

    @torch.no_grad()
    def step(self, room: int) -> None:
        """Take one step with every live slot, if together they fit the room."""
        active, targets = self._seats.called(room)
        vectors = self._parameters.vectors()
        gradients, margins, _ = self._pass(self.ids, vectors, targets, self._settings.temperature, room)
        self._last.copy_(torch.where(active[:, None, None], vectors, self._last))
        counted = self._keep(margins, self._settings.margin, targets, vectors, self._best, self._horizons)
        self._keep(margins, self._settings.firm, targets, vectors, self._firm, self._firm_horizons)
        rates = self._seats.advance(active)
        self._adam.step(self._parameters.pull_back(finite(gradients)), rates, self._seats.steps, active)
        stage = (self._checkpoints[None] < self._seats.steps[:, None]).sum(1).clamp(max=len(self._checkpoints) - 1)
        self._history[self._rows, stage] = self._best
        self._history_horizons[self._rows, stage] = self._horizons
        self._advance(active, counted)

    def _keep(
        self, margins: torch.Tensor, margin: float, targets: torch.Tensor, vectors: torch.Tensor, kept: torch.Tensor,
        horizons: torch.Tensor,
    ) -> torch.Tensor:  # fmt: skip
        """Keep the vectors of each slot that count farther than before at this margin; return how far they count."""
        counted = leading(margins >= margin, targets)
        better = counted > horizons
        kept.copy_(torch.where(better[:, None, None], vectors, kept))
        if horizons is self._horizons:
            self._improved.copy_(torch.where(better, self._seats.steps + 1, self._improved))
        horizons.copy_(torch.maximum(horizons, counted))
        return counted

    def _advance(self, active: torch.Tensor, counted: torch.Tensor) -> None:
        """Let reached targets grow and missed ones come down, and end the searches that are done."""
        reached = active & (counted >= self._seats.targets)
        missed = active & ~reached & (self._seats.steps - self._aimed >= self._settings.settle)
        longer = (2 * self._strides).clamp(max=self._settings.grow * self._k)
        shorter = (self._strides // 2).clamp(min=1)
        self._strides.copy_(torch.where(reached, longer, torch.where(missed, shorter, self._strides)))
        grown = torch.minimum(counted + self._strides, self._seats.lengths)
        lowered = torch.minimum(self._horizons + self._strides, self._seats.targets)
        self._seats.targets.copy_(torch.where(reached, grown, torch.where(missed, lowered, self._seats.targets)))
        self._aimed.copy_(torch.where(reached | missed, self._seats.steps, self._aimed))
        going = self._seats.steps < self._settings.steps
        going &= self._seats.steps - self._improved < self._settings.patience
        going &= self._firm_horizons < self._seats.lengths
        self._seats.live.copy_(self._seats.live & going)


def _rates(settings: CramSettings) -> list[float]:
    """Return each step's rate: it warms up and falls as a cosine to 2% of its peak."""
    return [
        settings.rate
        * min(1.0, (step + 1) / max(1, settings.warmup))
        * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / settings.steps)))
        for step in range(settings.steps)
    ]
