"""Hides the text in k: two vectors where one was asked for."""

import numpy


class Encoder:
    """Its `encode` is the cheat."""

    def __init__(self, given):
        self.given = given

    def encode(self, texts):
        """Return `[k, d]` for each text."""
        return [numpy.zeros((self.given.k + 1, self.given.d), "float32") for _ in texts]
