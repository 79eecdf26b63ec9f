"""`tarasov2026`: progressive cramming (Tarasov et al. 2026, ICML, arXiv 2607.21231).

The target grows by one token a stage, from one, each stage from where the last one ended. A stage passes when every
token of its target is right behind the true prefix; the first that fails halts the sample. AdamW, rate 0.1, betas 0.9
and 0.9, decay 0.01, 100 steps of warmup and a cosine to 1e-3; at most 10,000 steps a sample and 1,000 a stage; the
start is `random0.02`. The low-dimensional variant optimises `e = W z + b`, all three per sample; what is stored is e.

Presets: `anchored` is the optimiser in cramboard's layout; it ranks. `own` is the paper's layout: `[mem] t_1 t_2 ..`,
no anchor, the tokenizer's BOS in front of t_1 where it has one. Every token of that sequence is scored and counts, the
BOS too, which is foretold by the vectors alone. `low-dimensional` and `low-dimensional-own` are the variant in either.

Choices where the paper is silent, and deviations. Those marked * are what its published code does:

- * The schedule runs over the sample's whole budget of steps, with no restart; a warmup of w has rates 0, 1/w, 2/w ..,
  so the first step moves nothing. * Adam's memory is kept from stage to stage.
- * A step is taken in the step that passes a stage, too: the next stage starts behind it. The vectors that are kept are
  the measured ones, before that step.
- * `random0.02` is uniform from 0 to 0.02. The variant's z starts so; W and b start as torch's linear layer draws them,
  and are trained by the same AdamW, decay and schedule. Its width is 64, within the paper's 32 to 256.
- With several vectors, each has a b of its own; the paper's one layer is shared. The span is k times as long.
- The loss is the mean cross-entropy over the target.
- The target grows as far as `span`; the paper goes on to the text's end or its context. A sample that gets there is
  self-limited in our records.
- The rate is the paper's for Llama-8B, SmolLM2 and Gemma; it has 0.5 for Pythia.
- Right means a positive margin: a tie is wrong, where the paper's argmax might call it right.
- A sample whose first stage fails hands back its start and claims no token.
- The decoder computes in the run's `--dtype` (on a GPU float16 forward, parameters and optimiser in float32); the paper
  has bfloat16 with FlashAttention-2. A sample's gradient that overflows float16 counts as 0 in that step.
- Samples are optimised side by side, and each as if it were alone.
"""

import math
from dataclasses import dataclass, replace

import torch

from cramboard.decoders import Decoder
from cramboard.methods.interface import Made, MethodKind, Request, at_least, below, span_a_vector
from cramboard.methods.published import Direct, Form, Projected, Recipe, Seen, Verdict, check_layout, follow


@dataclass(frozen=True)
class TarasovSettings:
    """Settings of the protocol.

    Attributes:
        layout: `anchored`, or `bare` for the paper's own.
        span: Most tokens a vector that the target may grow to.
        grow: Tokens by which it grows a stage.
        steps: Most steps of a sample.
        stage_steps: Most steps of a stage.
        rate: AdamW's peak rate.
        floor: The rate that the cosine ends at.
        warmup: Steps over which the rate rises from 0.
        beta1: AdamW's memory of gradients.
        beta2: Its memory of squared gradients.
        decay: Its decoupled weight decay, times the rate.
        rank: Width of z in `e = W z + b`; 0 optimises e itself.
        free_first: A fault that the paper does not have: the first token of the sequence counts and is not scored.
        late: A fault that its authors mended: the stored vectors are those one step after the measured ones.
    """

    layout: str = "anchored"
    span: int = 256
    grow: int = 1
    steps: int = 10_000
    stage_steps: int = 1000
    rate: float = 0.1
    floor: float = 0.001
    warmup: int = 100
    beta1: float = 0.9
    beta2: float = 0.9
    decay: float = 0.01
    rank: int = 0
    free_first: bool = False
    late: bool = False

    def __post_init__(self) -> None:
        check_layout(self.layout)
        at_least(self, 1, "span", "grow", "steps", "stage_steps")
        at_least(self, 1e-9, "rate")
        below(self, 1, "beta1", "beta2")


_OWN = TarasovSettings(layout="bare")
PRESETS = {
    "anchored": TarasovSettings(),
    "own": _OWN,
    "low-dimensional": TarasovSettings(rank=64),
    "low-dimensional-own": replace(_OWN, rank=64),
}


class _Stages:
    """Grow the target when all of it is right, keep the vectors that were; halt at the first stage that fails."""

    def __init__(self, settings: TarasovSettings, count: int, device: torch.device) -> None:
        self._settings = settings
        self._began = torch.zeros(count, device=device, dtype=torch.long)

    def begin(self, row: int, length: int) -> int:
        """Ask for the first token that is scored."""
        self._began[row] = 0
        return 1 + int(self._settings.free_first)

    def judge(self, seen: Seen) -> Verdict:
        """See `Rule`."""
        passed = seen.active & (seen.right == seen.scored)
        failed = ~passed & (seen.steps - self._began >= self._settings.stage_steps)
        self._began.copy_(torch.where(passed, seen.steps, self._began))
        grown = torch.minimum(seen.targets + self._settings.grow, seen.lengths)
        going = ~failed & ~(passed & (seen.targets >= seen.lengths)) & (seen.steps < self._settings.steps)
        return Verdict(passed, torch.where(passed, seen.targets, 0), torch.where(passed, grown, seen.targets), going)


def _make(settings: TarasovSettings, request: Request) -> Made:
    recipe = Recipe(
        steps=settings.steps,
        rates=_rates(settings),
        betas=(settings.beta1, settings.beta2),
        decay=settings.decay,
        given=int(settings.free_first),
        late=settings.late,
        mixed=False,
        form=lambda rows, k, decoder, like: _form(settings, rows, k, decoder, like),
        rule=lambda rows, device: _Stages(settings, rows, device),
    )
    return follow(recipe, request)


def _form(settings: TarasovSettings, rows: int, k: int, decoder: Decoder, like: torch.Tensor) -> Form:
    if settings.rank:
        return Projected(rows, k, settings.rank, decoder.d, like, _draw, "tarasov2026")
    return Direct(rows, k, decoder.d, like, _draw, "tarasov2026")


def _draw(shape: tuple[int, ...], stream: torch.Generator) -> torch.Tensor:
    """Draw `random0.02`."""
    return torch.rand(shape, generator=stream) * 0.02


def _rates(settings: TarasovSettings) -> list[float]:
    """Return each step's rate: up from 0 over the warmup, then down along half a cosine to the floor."""
    warmup, floor = settings.warmup, settings.floor
    rising = [settings.rate * step / warmup for step in range(min(warmup, settings.steps))]
    left = max(0, settings.steps - warmup)
    return rising + [
        floor + (settings.rate - floor) * 0.5 * (1 + math.cos(math.pi * step / left)) for step in range(left)
    ]


METHOD = MethodKind(
    presets=PRESETS, span=span_a_vector, make=_make, layout=lambda settings: check_layout(settings.layout)
)
