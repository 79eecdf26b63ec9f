"""The settings of `cram`: all that can change a vector besides the sample, k and the seed."""

from dataclasses import dataclass

from cramboard.methods.interface import at_least, below


@dataclass(frozen=True)
class CramSettings:
    """Settings of the search.

    Attributes:
        span: Most tokens that a vector is asked to hold; k vectors are asked for k times as many.
        steps: Most steps of a sample's search; it ends sooner when the sample has reached its span.
        patience: Steps without a longer horizon after which a sample is given up.
        rate: Adam's peak rate.
        beta1: Adam's memory of gradients.
        beta2: Adam's memory of squared gradients.
        decay: Decoupled weight decay. It also keeps the vectors from growing without bound.
        temperature: The cross-entropy is that of the logits divided by it: below 1 it dwells on the tokens that are
            not yet right.
        rank: Width r of `z W + b`: z is `[k, r]`, W `[r, d]`, b `[k, d]`, all per sample.
        first: The first target, in tokens a vector.
        grow: Most tokens a vector by which a reached target grows.
        settle: Steps after which a target that was not reached comes down: its growth is halved, and doubles again
            with every target that is reached.
        warmup: Steps over which the rate rises.
        margin: Margin (logits) that a token must have to count; above the verifier's 0.05 so that the horizon
            stands in float32 and under other kernels too.
        firm: Wider margin at which a second candidate is kept, for where the first does not stand.
    """

    span: int = 384
    steps: int = 1500
    patience: int = 600
    rate: float = 0.8
    beta1: float = 0.8
    beta2: float = 0.9
    decay: float = 0.02
    temperature: float = 0.25
    rank: int = 64
    first: int = 8
    grow: int = 16
    settle: int = 100
    warmup: int = 50
    margin: float = 0.06
    firm: float = 0.15

    def __post_init__(self) -> None:
        at_least(self, 1, "span", "steps", "patience", "rank", "first", "grow", "settle")
        at_least(self, 1e-3, "temperature", "rate")
        below(self, 1, "beta1", "beta2")


# The decay that serves best shrinks with the steps; a short search takes larger strides.
PRESETS = {
    "standard": CramSettings(),
    "quick": CramSettings(
        span=256, steps=250, patience=250, decay=0.03, temperature=1 / 3, grow=24, settle=40, warmup=10
    ),
    "full": CramSettings(span=512, steps=3500, patience=1200, settle=150, decay=0.015),
}
