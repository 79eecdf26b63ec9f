"""`kuratov2025`: per-sample optimisation at a fixed length (Kuratov et al. 2025, ACL, arXiv 2502.13063).

AdamW, rate 1e-2 without a schedule, betas 0.9 and 0.9, decay 0.01, on the mean cross-entropy of the scored tokens of a
fixed length N; a start of N(0, std(E)); at most 5,000 steps, ended when every scored token is right or when 2,000 steps
brought no gain of accuracy; the vectors are kept at their best accuracy.

Presets: `anchored` is the optimiser in cramboard's layout, every token scored; it ranks. `own` is the paper's layout:
`[mem] t_1 .. t_N`, no anchor, the tokenizer's BOS in front of t_1 where it has one. The first token of that sequence,
BOS or t_1, is fed and never scored: there that is the paper's rule, not a fault that is switched on. It counts in N.

Choices where the paper is silent, and deviations:

- N is the span. With a BOS the sequence has N + 1 tokens; the paper's N counts the BOS.
- With k vectors the span is k times as long; the paper chooses lengths by a grid (`--span`).
- std(E) is that of the first 4,096 token embeddings, as the decoder reads them (Gemma scales them).
- Right means a positive margin: a tie is wrong, where the paper's argmax might call it right.
- A sample that is never right anywhere hands back its start; the paper's code hands back nothing.
- The decoder computes in the run's `--dtype` (on a GPU float16 forward, parameters and optimiser in float32); the paper
  has float32, or bfloat16 under autocast with FlashAttention-2. A sample's gradient that overflows float16 counts as 0
  in that step. The frozen decoder has no dropout in either.
- Samples are optimised side by side, and each as if it were alone; one seed, as in the paper.
"""

from dataclasses import dataclass

import torch

from cramboard.methods.interface import Made, MethodKind, Request, at_least, below, span_a_vector
from cramboard.methods.published import Direct, Recipe, Seen, Verdict, check_layout, follow


@dataclass(frozen=True)
class KuratovSettings:
    """Settings of the protocol.

    Attributes:
        layout: `anchored`, or `bare` for the paper's own.
        span: The fixed length N, in tokens a vector.
        steps: Most steps of a sample.
        patience: Steps without a gain of accuracy after which it ends.
        rate: AdamW's rate.
        beta1: Its memory of gradients.
        beta2: Its memory of squared gradients.
        decay: Its decoupled weight decay, times the rate.
        free_first: The first token of the sequence is not scored. The rule of the paper's own layout, where nothing
            but the vectors stands before it; in the anchored layout a fault: a token counted and given free.
        late: A fault of the paper's code: the stored vectors are those one step after the measured ones.
        mixed: A fault of the paper's evaluation: the claim takes least loss and most accuracy from different steps.
    """

    layout: str = "anchored"
    span: int = 64
    steps: int = 5000
    patience: int = 2000
    rate: float = 0.01
    beta1: float = 0.9
    beta2: float = 0.9
    decay: float = 0.01
    free_first: bool = False
    late: bool = False
    mixed: bool = False

    def __post_init__(self) -> None:
        check_layout(self.layout)
        at_least(self, 1, "span", "steps", "patience")
        at_least(self, 1e-9, "rate")
        below(self, 1, "beta1", "beta2")


PRESETS = {"anchored": KuratovSettings(), "own": KuratovSettings(layout="bare", free_first=True)}


class _BestAccuracy:
    """Keep the vectors at each gain of accuracy; end when all is right, or after `patience` steps without a gain."""

    def __init__(self, settings: KuratovSettings, count: int, device: torch.device) -> None:
        self._settings = settings
        self._best, self._improved = (torch.zeros(count, device=device, dtype=torch.long) for _ in range(2))

    def begin(self, row: int, length: int) -> int:
        """Ask for the whole length from the start."""
        self._best[row] = self._improved[row] = 0
        return length

    def judge(self, seen: Seen) -> Verdict:
        """See `Rule`."""
        better = seen.active & (seen.right > self._best)
        self._best.copy_(torch.where(better, seen.right, self._best))
        self._improved.copy_(torch.where(better, seen.steps, self._improved))
        going = (seen.right < seen.scored) & (seen.steps < self._settings.steps)
        going &= seen.steps - self._improved < self._settings.patience
        return Verdict(better, seen.lengths, seen.targets, going)


def _make(settings: KuratovSettings, request: Request) -> Made:
    spread = request.decoder.spread()
    recipe = Recipe(
        steps=settings.steps,
        rates=(settings.rate,),
        betas=(settings.beta1, settings.beta2),
        decay=settings.decay,
        given=int(settings.free_first),
        late=settings.late,
        mixed=settings.mixed,
        form=lambda rows, k, decoder, like: Direct(
            rows,
            k,
            decoder.d,
            like,
            lambda shape, stream: torch.randn(shape, generator=stream) * spread,
            "kuratov2025",
        ),
        rule=lambda rows, device: _BestAccuracy(settings, rows, device),
    )
    return follow(recipe, request)


METHOD = MethodKind(
    presets=PRESETS, span=span_a_vector, make=_make, layout=lambda settings: check_layout(settings.layout)
)
