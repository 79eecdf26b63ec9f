"""`constant`: one vector for every text, fitted on other texts of the task. It knows the genre, not the text.

As a method it is a control row of the board; its vectors also stand beside every other method's information gain.
"""

from dataclasses import dataclass

import torch

from cramboard.methods.cram.adam import Adam
from cramboard.methods.cram.batch import Batch
from cramboard.methods.cram.forward import HALVES, descend
from cramboard.methods.cram.objective import cross_entropy, mean_weights
from cramboard.methods.cram.parameters import LowRank
from cramboard.methods.cram.scale import GradientScale
from cramboard.methods.cram.stepper import Stepper
from cramboard.methods.interface import Made, MethodKind, Request, at_least


@dataclass(frozen=True)
class ConstantSettings:
    """Settings of the fit.

    Attributes:
        texts: Tuning samples that it is fitted on.
        span: Leading tokens of each.
        steps: Steps of Adam.
        rate: Its rate.
        rank: Width of `z W + b`, as in `cram`.
    """

    texts: int = 16
    span: int = 512
    steps: int = 150
    rate: float = 0.1
    rank: int = 64

    def __post_init__(self) -> None:
        at_least(self, 1, "texts", "span", "steps", "rank")
        at_least(self, 1e-3, "rate")


# The standard fit wants a GPU; the quick one is for machines without, and for decoders that do not rank.
PRESETS = {"standard": ConstantSettings(), "quick": ConstantSettings(texts=8, span=64, steps=60)}


def fit(settings: ConstantSettings, request: Request) -> torch.Tensor:
    """Return the vectors `[k, d]` float32 that best foretell the request's other texts; its own are not looked at."""
    decoder = request.decoder
    others = request.others(settings.texts)
    batch = Batch.of([other.ids[: settings.span] for other in others], decoder.device)
    like = torch.zeros((), device=decoder.device)
    start = LowRank(["constant"], request.k, settings.rank, decoder.d, decoder.spread(), request.seed, like)
    adam = Adam(start.tensors, beta1=0.8, beta2=0.9)
    rate = torch.tensor(settings.rate, device=decoder.device)
    scale = GradientScale(1, request.dtype in HALVES, like)

    def step_all(window: int) -> None:
        vectors = start.vectors().expand(len(others), -1, -1)
        weights = scale.up(mean_weights(batch.lengths, window, vectors) / len(others))
        gradients, _ = descend(decoder, batch.ids, vectors, weights, cross_entropy, start.tensors, request.dtype)
        adam.step(scale.down(gradients), rate)

    stepper = Stepper(step_all, decoder.device)
    for step in range(settings.steps):
        stepper(batch.ids.shape[1])
        request.report(step + 1, settings.steps, [])
    return start.vectors()[0].detach().float().cpu()


def _make(settings: ConstantSettings, request: Request) -> Made:
    fitted = fit(settings, request)
    return Made(tuple(fitted for _ in request.assignments))


def _span(settings: ConstantSettings, k: int) -> int:
    return settings.span


METHOD = MethodKind(presets=PRESETS, span=_span, make=_make)
