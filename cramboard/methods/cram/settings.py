"""The settings of `cram`: all that can change a vector besides the sample, k, the seed and the batch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CramSettings:
    """Settings of the search and the polish.

    Attributes:
        span: Most tokens that a vector is asked to hold; k vectors are asked for k times as many.
        steps: Steps of the search.
        rate: Adam's peak rate in the search.
        rank: Width r of `z W + b`: z is `[k, r]`, W `[r, d]`, b `[k, d]`, all per sample.
        grow: Tokens by which a reached target grows.
        decay: Decoupled weight decay of the search.
        warmup: Steps over which the rate rises.
        polish_steps: Steps of the polish, in the verifier's arithmetic on the plain vectors.
        polish_rate: Adam's peak rate in the polish.
        hinge: Margin (logits) below which the polish pushes a token up.
        margin: Margin (logits) that a token must have to count; above the verifier's 0.05 so that the horizon
            stands under other kernels too.
    """

    span: int = 192
    steps: int = 2200
    rate: float = 0.3
    rank: int = 64
    grow: int = 8
    decay: float = 0.01
    warmup: int = 50
    polish_steps: int = 300
    polish_rate: float = 0.5
    hinge: float = 0.5
    margin: float = 0.1


PRESETS = {
    "standard": CramSettings(),
    "quick": CramSettings(span=64, steps=220, warmup=10, polish_steps=20),
    "full": CramSettings(span=256, steps=6000, polish_steps=600),
}
