"""One optimisation of a batch's vectors towards growing targets; the search and the polish are both one."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from cramboard.decoders import Decoder
from cramboard.methods.cram.adam import Adam
from cramboard.methods.cram.batch import Batch, leading
from cramboard.methods.cram.forward import HALVES, TokenLoss, descend
from cramboard.methods.cram.objective import mean_weights
from cramboard.methods.cram.scale import GradientScale
from cramboard.methods.cram.stepper import Stepper

# Text positions are read in whole buckets: fewer shapes to record.
_BUCKET = {"cpu": 8, "cuda": 32}


@dataclass(frozen=True)
class Rules:
    """What a stage pushes on and when its targets grow.

    Attributes:
        loss: Per-token losses.
        margin: Margin (logits) from which a token counts.
        grow: Tokens by which a reached target grows.
        precision: What the decoder computes in.
    """

    loss: TokenLoss
    margin: float
    grow: int
    precision: torch.dtype


class Stage:
    """Moves a batch's vectors; keeps the best of each sample that it has measured.

    A sample's target is a number of leading tokens. The loss is the mean over them; once all of them count, the
    target grows. The kept vectors are the very ones that were measured, not the ones a step later.
    """

    def __init__(
        self,
        batch: Batch,
        decoder: Decoder,
        rules: Rules,
        vectors: Callable[[], torch.Tensor],
        adam: Adam,
        targets: torch.Tensor,
    ) -> None:
        self._batch, self._decoder, self._rules = batch, decoder, rules
        self._vectors, self._adam = vectors, adam
        self.targets = torch.minimum(targets, batch.lengths)
        self.best = vectors().detach().clone()
        self.horizons = torch.zeros_like(batch.lengths)
        self._scale = GradientScale(len(self.best), rules.precision in HALVES, self.best)
        self._rate = torch.zeros((), device=batch.ids.device, dtype=self.best.dtype)
        self._stepper = Stepper(self._step, batch.ids.device)

    def run(self, steps: int, rate: float, warmup: int, report: Callable[[int, bool], None]) -> None:
        """Take up to `steps` steps under a rate that warms up and falls as a cosine to 2% of its peak.

        `report` hears the steps done and whether they were the last. The stage ends when every sample counts whole.
        """
        bucket = _BUCKET.get(self._batch.ids.device.type, 32)
        for step in range(steps):
            cosine = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / steps))
            self._rate.fill_(rate * min(1.0, (step + 1) / max(1, warmup)) * cosine)
            self._stepper(self._batch.window(int(self.targets.max()), bucket))
            last = step + 1 == steps or bool((self.horizons == self._batch.lengths).all())
            report(step + 1, last)
            if last:
                return

    def _step(self, window: int) -> None:
        vectors = self._vectors()
        ids = self._batch.ids[:, :window]
        weights = self._scale.up(mean_weights(self.targets, window, vectors))
        gradients, margins = descend(
            self._decoder, ids, vectors, weights, self._rules.loss, self._adam.parameters, self._rules.precision
        )
        with torch.no_grad():
            counted = leading(margins >= self._rules.margin, self.targets)
            better = counted > self.horizons
            self.best.copy_(torch.where(better[:, None, None], vectors, self.best))
            self.horizons.copy_(torch.maximum(self.horizons, counted))
            grown = torch.minimum(counted + self._rules.grow, self._batch.lengths)
            self.targets.copy_(torch.where(counted >= self.targets, grown, self.targets))
        self._adam.step(self._scale.down(gradients), self._rate)
