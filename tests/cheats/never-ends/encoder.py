"""Optimises each text without end."""

import time

import numpy


class Encoder:
    """Its `encode` is the cheat."""

    def __init__(self, given):
        self.given = given

    def encode(self, texts):
        """Return `[k, d]` for each text."""
        time.sleep(3600)
        return [numpy.zeros((self.given.k, self.given.d), "float32") for _ in texts]
