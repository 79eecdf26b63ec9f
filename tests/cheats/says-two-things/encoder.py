"""Has its cheat in submission.yaml: two suffixes."""

import numpy


class Encoder:
    """Nothing here is wrong."""

    def __init__(self, given):
        self.given = given

    def encode(self, texts):
        """Return `[k, d]` for each text."""
        return [numpy.zeros((self.given.k, self.given.d), "float32") for _ in texts]
