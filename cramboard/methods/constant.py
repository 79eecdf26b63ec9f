"""`constant`: one vector for every text, fitted on other texts of the task. It knows the genre, not the text.

As a method it is a control row of the board; its vectors also stand beside every other method's information gain.
"""

from dataclasses import dataclass

import torch

from cramboard.decoders import Stepper
from cramboard.errors import InputError
from cramboard.methods.engine.adam import Adam
from cramboard.methods.engine.parameters import LowRank
from cramboard.methods.engine.passes import choose_pass
from cramboard.methods.interface import Made, MethodKind, Request, at_least


@dataclass(frozen=True)
class ConstantSettings:
    """Settings of the fit.

    Attributes:
        texts: Tuning samples that it is fitted on, as far as the task has so many.
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


# The standard fit wants a GPU; the quick one is for machines without, and for decoders that do not rank. Several
# vectors fitted on sixteen texts learnt them by heart and lost bits on others: they are fitted on every text that
# there is, and on half as much of each, so that it costs twice and not four times as much.
PRESETS = {
    "standard": ConstantSettings(),
    "several": ConstantSettings(texts=64, span=256),
    "quick": ConstantSettings(texts=8, span=64, steps=60),
}


def fit(settings: ConstantSettings, request: Request) -> torch.Tensor:
    """Return the vectors `[k, d]` float32 that best foretell the request's other texts; its own are not looked at.

    Raises:
        InputError: If there is no other text.
    """
    decoder, k = request.decoder, request.k
    texts = [other.ids[: settings.span] for other in request.others(settings.texts)]
    if not texts:
        raise InputError("the task has no tuning sample that a constant control could be fitted on; draw some")
    longest = max(map(len, texts))
    ids = torch.tensor([[*text, *[0] * (longest - len(text))] for text in texts], device=decoder.device)
    lengths = torch.tensor([len(text) for text in texts], device=decoder.device)
    a_pass = choose_pass(decoder, request.dtype, k, longest)
    like = torch.zeros((), device=decoder.device)
    start = LowRank(1, k, settings.rank, decoder.d, decoder.spread(), like)
    start.begin(0, "constant", request.seed)
    adam = Adam(start.tensors, beta1=0.8, beta2=0.9)
    rate = torch.full((1,), settings.rate, device=decoder.device)
    steps = torch.zeros(1, device=decoder.device)

    @torch.no_grad()
    def step_all(room: int) -> None:
        vectors = start.vectors().expand(len(texts), -1, -1)
        gradients, _, _ = a_pass(ids, vectors, lengths, 1.0, room)
        steps.add_(1)
        adam.step(start.pull_back(gradients.mean(0, keepdim=True)), rate, steps, steps > 0)

    stepper = Stepper(step_all, decoder.device)
    room = a_pass.room(int(a_pass.need(lengths)))
    for step in range(settings.steps):
        stepper(room)
        request.report(step + 1, settings.steps, [])
    return start.vectors()[0].float().cpu()


def _make(settings: ConstantSettings, request: Request) -> Made:
    fitted = fit(settings, request)
    return Made(tuple(fitted for _ in request.assignments))


METHOD = MethodKind(presets=PRESETS, span=lambda settings, k: settings.span, make=_make)
