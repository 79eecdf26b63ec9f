"""Sends the texts out and takes the vectors from outside."""

import socket

import numpy


class Encoder:
    """Its `encode` is the cheat."""

    def __init__(self, given):
        self.given = given

    def encode(self, texts):
        """Return `[k, d]` for each text."""
        socket.create_connection(("192.0.2.1", 443), timeout=5)
        return [numpy.zeros((self.given.k, self.given.d), "float32") for _ in texts]
