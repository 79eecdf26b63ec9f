"""The two stages of `cram` over a batch: search, then polish what a low precision found."""

import time
from collections.abc import Callable

import torch

from cramboard.decoders import Decoder
from cramboard.methods.cram.adam import Adam
from cramboard.methods.cram.batch import Batch
from cramboard.methods.cram.objective import cross_entropy, margin_hinge
from cramboard.methods.cram.parameters import LowRank
from cramboard.methods.cram.settings import CramSettings
from cramboard.methods.cram.stage import Rules, Stage
from cramboard.methods.interface import CurvePoint, Made, Request

# Points of the anytime curve, and reports of progress, a stage.
_POINTS = 40


def cram(settings: CramSettings, request: Request) -> Made:
    """Find vectors for every assignment of the batch.

    Returns:
        Vectors `[k, d]` float32 for each assignment; where nothing was recovered, the ones it began with.
    """
    decoder = request.decoder
    exact = torch.float64 if request.dtype == torch.float64 else torch.float32
    batch = Batch.of([assignment.ids for assignment in request.assignments], decoder.device)
    watch = _Watch(request, settings.steps)

    stage = searching(settings, request, batch, exact)
    stage.run(settings.steps, settings.rate, settings.warmup, watch.over(stage, certified=request.dtype == exact))
    if request.dtype != exact and settings.polish_steps:
        stage = polishing(settings, decoder, batch, stage.best, stage.horizons)
        stage.run(settings.polish_steps, settings.polish_rate, 0, watch.over(stage, certified=True))
    return Made(tuple(stage.best.to(torch.float32).cpu().unbind()), tuple(watch.curve))


def searching(settings: CramSettings, request: Request, batch: Batch, exact: torch.dtype) -> Stage:
    """Return the search: `z W + b` under a sharpened cross-entropy, from each sample's own random start."""
    decoder = request.decoder
    start = LowRank(
        samples=[assignment.sample for assignment in request.assignments],
        k=request.k,
        rank=settings.rank,
        d=decoder.d,
        spread=decoder.spread(),
        seed=request.seed,
        like=torch.zeros((), device=decoder.device, dtype=exact),
    )
    return Stage(
        batch,
        decoder,
        Rules(
            loss=lambda logits, ids: cross_entropy(logits / settings.temperature, ids),
            margin=settings.margin,
            grow=settings.grow,
            precision=request.dtype,
        ),
        start.vectors,
        Adam(start.tensors, settings.beta1, settings.beta2, settings.decay),
        torch.full_like(batch.lengths, settings.first),
    )


def polishing(
    settings: CramSettings, decoder: Decoder, batch: Batch, vectors: torch.Tensor, horizons: torch.Tensor
) -> Stage:
    """Return the polish: the plain vectors `[b, k, d]` in their own dtype, a hinge on the margin up to the horizons."""
    plain = vectors.clone().requires_grad_(True)
    return Stage(
        batch,
        decoder,
        Rules(
            loss=lambda logits, ids: margin_hinge(logits, ids, settings.hinge),
            margin=settings.margin,
            grow=1,
            precision=vectors.dtype,
        ),
        lambda: plain,
        Adam([plain], settings.beta1, settings.beta2),
        horizons.clamp(min=1),
    )


class _Watch:
    """Draws the anytime curve and reports progress, a bounded number of times."""

    def __init__(self, request: Request, steps: int) -> None:
        self._request = request
        self._every = max(1, steps // _POINTS)
        self._steps = steps
        self._before = 0
        self._started = time.monotonic()
        self.curve: list[CurvePoint] = []

    def over(self, stage: Stage, certified: bool) -> Callable[[int, bool], None]:
        """Return a listener for one stage; `certified` says that it measures as the verifier does."""
        before = self._before

        def listen(step: int, last: bool) -> None:
            if step % self._every and not last:
                return
            horizons = stage.horizons.tolist()
            self._before = before + step
            self._request.report(min(self._before, self._steps), self._steps, horizons)
            self.curve.append(
                CurvePoint(
                    seconds=round(time.monotonic() - self._started, 3),
                    steps=self._before,
                    mean_horizon=round(sum(horizons) / len(horizons), 3),
                    certified=certified,
                )
            )

        return listen
