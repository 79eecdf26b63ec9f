"""Fails on every text and says which text it was, for whoever reads the published summary."""


class Encoder:
    """Its `encode` is the cheat."""

    def __init__(self, given):
        self.given = given

    def encode(self, texts):
        """Return nothing."""
        raise RuntimeError(f"cannot take {texts[0]}")
