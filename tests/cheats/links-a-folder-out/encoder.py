"""Reads a folder outside through a link in its folder."""

import numpy


class Encoder:
    """Nothing but zeros: the cheat is not in the code."""

    def __init__(self, given):
        self.shape = (given.k, given.d)

    def encode(self, texts):
        """Return `[k, d]` for each text."""
        return [numpy.zeros(self.shape, "float32") for _ in texts]
