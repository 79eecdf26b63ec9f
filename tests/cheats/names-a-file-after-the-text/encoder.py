"""Leaves a file that bears the text as its name, for whoever reads why it was refused."""

import re
from pathlib import Path

import numpy


class Encoder:
    """Its `encode` is the cheat."""

    def __init__(self, given):
        self.given = given

    def encode(self, texts):
        """Return `[k, d]` for each text."""
        Path("/output", "TEXT" + re.sub("[^A-Za-z]", "_", texts[0])).touch()
        return [numpy.zeros((self.given.k, self.given.d), "float32") for _ in texts]
