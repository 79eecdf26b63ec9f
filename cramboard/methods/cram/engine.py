"""The two stages of `cram` over a batch: search, then polish."""

import math
import time
from collections.abc import Callable

import torch

from cramboard.decoders import Decoder
from cramboard.methods.cram.adam import Adam
from cramboard.methods.cram.batch import Batch, leading
from cramboard.methods.cram.objective import cross_entropy, margin_hinge, margins, mean_over
from cramboard.methods.cram.parameters import LowRank
from cramboard.methods.cram.settings import CramSettings
from cramboard.methods.cram.stepper import Stepper
from cramboard.methods.interface import CurvePoint, Made, Request

# Text positions are read in whole buckets: fewer shapes to record or compile.
_BUCKET = {"cpu": 8, "cuda": 32}
_REPORTS = 40


class Stage:
    """One optimisation of a batch's vectors towards growing targets; keeps the best it has measured.

    A sample's target is a number of leading tokens. The loss is the mean over them; once all of them count, the
    target grows. The kept vectors are the very ones that were measured, not the ones a step later.
    """

    def __init__(
        self,
        batch: Batch,
        decoder: Decoder,
        dtype: torch.dtype,
        vectors: Callable[[], torch.Tensor],
        adam: Adam,
        loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
        margin: float,
        grow: int,
        targets: torch.Tensor,
    ) -> None:
        self._batch, self._decoder, self._dtype = batch, decoder, dtype
        self._vectors, self._adam, self._loss = vectors, adam, loss
        self._margin, self._grow = margin, grow
        self.targets = torch.minimum(targets, batch.lengths)
        self.best = vectors().detach().clone()
        self.horizons = torch.zeros_like(batch.lengths)
        self._rate = torch.zeros((), device=batch.ids.device, dtype=self.best.dtype)
        self._stepper = Stepper(self._step, batch.ids.device)

    def run(self, steps: int, rate: float, warmup: int, report: Callable[[int], None]) -> None:
        """Take `steps` steps under a rate that warms up and falls as a cosine to 2% of its peak."""
        bucket = _BUCKET.get(self._batch.ids.device.type, 32)
        for step in range(steps):
            cosine = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / steps))
            self._rate.fill_(rate * min(1.0, (step + 1) / max(1, warmup)) * cosine)
            self._stepper(self._batch.window(int(self.targets.max()), bucket))
            if (step + 1) % max(1, steps // _REPORTS) == 0 or step + 1 == steps:
                report(step + 1)

    def _step(self, window: int) -> None:
        vectors = self._vectors()
        ids = self._batch.ids[:, :window]
        logits = self._decoder.logits(self._decoder.states(ids, vectors, self._dtype))
        logits = logits.to(vectors.dtype)
        loss = mean_over(self._loss(logits, ids), self.targets)
        gradients = torch.autograd.grad(loss, self._adam.parameters)
        with torch.no_grad():
            counted = leading(margins(logits, ids) >= self._margin, self.targets)
            better = counted > self.horizons
            self.best.copy_(torch.where(better[:, None, None], vectors, self.best))
            self.horizons.copy_(torch.maximum(self.horizons, counted))
            grown = torch.minimum(counted + self._grow, self._batch.lengths)
            self.targets.copy_(torch.where(counted >= self.targets, grown, self.targets))
        self._adam.step(gradients, self._rate)


def cram(settings: CramSettings, request: Request) -> Made:
    """Find vectors for every assignment of the batch.

    Returns:
        Vectors `[k, d]` float32 for each assignment; where nothing was recovered, those of the last measurement.
    """
    decoder, exact = request.decoder, torch.float64 if request.dtype == torch.float64 else torch.float32
    batch = Batch.of([assignment.ids for assignment in request.assignments], decoder.device)
    started, curve = time.monotonic(), []
    total = settings.steps + settings.polish_steps

    def reporter(stage: Stage, before: int, certified: bool) -> Callable[[int], None]:
        def report(step: int) -> None:
            horizons = stage.horizons.tolist()
            request.report(before + step, total, horizons)
            curve.append(
                CurvePoint(
                    seconds=round(time.monotonic() - started, 3),
                    steps=before + step,
                    mean_horizon=round(sum(horizons) / len(horizons), 3),
                    certified=certified,
                )
            )

        return report

    embeddings = decoder.embeddings(torch.arange(min(4096, decoder.vocabulary), device=decoder.device), exact)
    start = LowRank(
        samples=[assignment.sample for assignment in request.assignments],
        k=request.k,
        rank=settings.rank,
        d=decoder.d,
        spread=embeddings.std().item(),
        seed=request.seed,
        like=embeddings,
    )
    search = Stage(
        batch, decoder, request.dtype, start.vectors, Adam(start.tensors, settings.decay), cross_entropy,
        margin=settings.margin, grow=settings.grow, targets=torch.full_like(batch.lengths, settings.grow),
    )  # fmt: skip
    search.run(settings.steps, settings.rate, settings.warmup, reporter(search, 0, certified=request.dtype == exact))

    plain = search.best.clone().requires_grad_(True)
    polish = Stage(
        batch, decoder, exact, lambda: plain, Adam([plain]),
        lambda logits, ids: margin_hinge(logits, ids, settings.hinge),
        margin=settings.margin, grow=1, targets=search.horizons.clamp(min=1),
    )  # fmt: skip
    polish.run(settings.polish_steps, settings.polish_rate, 0, reporter(polish, settings.steps, certified=True))
    chosen = polish if settings.polish_steps else search
    return Made(tuple(chosen.best.to(torch.float32).cpu().unbind()), tuple(curve))
