"""Random numbers that are the same on every machine and in every Python: sha256 in counter mode."""

import hashlib
from collections.abc import Iterator

_WORD_BYTES = 8
_WORD_VALUES = 1 << (8 * _WORD_BYTES)


def uniform_stream(seed: str, below: int) -> Iterator[int]:
    """Yield endless independent integers, uniform over 0 .. below - 1.

    Block i is sha256(f"{seed}:{i}"), read as four big-endian 64-bit words. Words at or above the largest
    multiple of `below` are rejected, so every value is exactly as likely as any other.

    Raises:
        ValueError: If `below` is not in 1 .. 2**64.
    """
    if not 1 <= below <= _WORD_VALUES:
        raise ValueError(f"below must be in 1 .. 2**64, not {below}")
    limit = _WORD_VALUES - _WORD_VALUES % below
    block = 0
    while True:
        digest = hashlib.sha256(f"{seed}:{block}".encode()).digest()
        for at in range(0, len(digest), _WORD_BYTES):
            word = int.from_bytes(digest[at : at + _WORD_BYTES], "big")
            if word < limit:
                yield word % below
        block += 1
