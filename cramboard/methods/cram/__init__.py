"""`cram`: the per-sample optimisation baseline.

One sample's vectors are found by gradient descent through the frozen decoder, many samples at once. The search runs in
whatever precision is fast; what it found is certified in the verifier's own arithmetic, and the best that stands is
kept.
"""

from cramboard.methods.cram.make import cram
from cramboard.methods.cram.settings import PRESETS
from cramboard.methods.interface import MethodKind, span_a_vector

METHOD = MethodKind(presets=PRESETS, span=span_a_vector, make=cram)
