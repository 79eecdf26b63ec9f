"""Leaves a large file in the output folder."""

from pathlib import Path

import numpy


class Encoder:
    """Its `encode` is the cheat."""

    def __init__(self, given):
        self.given = given

    def encode(self, texts):
        """Return `[k, d]` for each text."""
        Path("/output/more").write_bytes(bytes(10_000_000))
        return [numpy.zeros((self.given.k, self.given.d), "float32") for _ in texts]
