"""`cram`: the per-sample optimisation baseline.

One sample's vectors are found by gradient descent through the frozen decoder, many samples at once. The search runs in
whatever precision is fast; what it found is certified in the verifier's own arithmetic, and the best that stands is
kept.
"""

from cramboard.methods.cram.make import cram
from cramboard.methods.cram.settings import PRESETS, CramSettings
from cramboard.methods.interface import MethodKind


def _span(settings: CramSettings, k: int) -> int:
    return settings.span * k


METHOD = MethodKind(presets=PRESETS, span=_span, make=cram)
