"""The settings of `cram`: all that can change a vector besides the sample, k, the seed and the batch."""

from dataclasses import dataclass

from cramboard.methods.interface import at_least, below


@dataclass(frozen=True)
class CramSettings:
    """Settings of the search and the polish.

    Attributes:
        span: Most tokens that a vector is asked to hold; k vectors are asked for k times as many.
        steps: Most steps of the search; it ends sooner when every sample has reached its span.
        rate: Adam's peak rate in the search.
        beta1: Adam's memory of gradients.
        beta2: Adam's memory of squared gradients.
        decay: Decoupled weight decay of the search. It also keeps the vectors from growing without bound.
        temperature: The search's cross-entropy is that of the logits divided by it: below 1 it dwells on the
            tokens that are not yet right.
        rank: Width r of `z W + b`: z is `[k, r]`, W `[r, d]`, b `[k, d]`, all per sample.
        first: The first target, in tokens.
        grow: Tokens by which a reached target grows.
        warmup: Steps over which the rate rises.
        margin: Margin (logits) that a token must have to count; above the verifier's 0.05 so that the horizon
            stands under other kernels too.
        polish_steps: Most steps of the polish, in the verifier's arithmetic on the plain vectors, after a search
            in a lower precision.
        polish_rate: Adam's peak rate in the polish.
        hinge: Margin (logits) below which the polish pushes a token up.
    """

    span: int = 384
    steps: int = 1500
    rate: float = 0.8
    beta1: float = 0.8
    beta2: float = 0.9
    decay: float = 0.02
    temperature: float = 0.25
    rank: int = 64
    first: int = 8
    grow: int = 16
    warmup: int = 50
    margin: float = 0.1
    polish_steps: int = 50
    polish_rate: float = 0.5
    hinge: float = 0.5

    def __post_init__(self) -> None:
        at_least(self, 1, "span", "steps", "rank", "first", "grow")
        at_least(self, 1e-3, "temperature", "rate", "polish_rate")
        below(self, 1, "beta1", "beta2")


# The decay that serves best shrinks with the steps; a short search takes larger strides.
PRESETS = {
    "standard": CramSettings(),
    "quick": CramSettings(span=256, steps=250, decay=0.03, temperature=1 / 3, grow=24, warmup=10, polish_steps=20),
    "full": CramSettings(span=512, steps=4000, decay=0.015, polish_steps=100),
}
