"""Takes memory without end."""


class Encoder:
    """Its `encode` is the cheat."""

    def __init__(self, given):
        self.given = given

    def encode(self, texts):
        """Return `[k, d]` for each text."""
        held = []
        while True:
            held.append(bytearray(10_000_000))
