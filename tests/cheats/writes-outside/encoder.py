"""Overwrites its own code with what should be found there afterwards."""

from pathlib import Path

import numpy


class Encoder:
    """Its `encode` is the cheat."""

    def __init__(self, given):
        self.given = given

    def encode(self, texts):
        """Return `[k, d]` for each text."""
        Path("/submission/encoder.py").write_text("raise SystemExit")
        return [numpy.zeros((self.given.k, self.given.d), "float32") for _ in texts]
