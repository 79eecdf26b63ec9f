"""Draws (64-bit numbers) as a sample's content: 16 hexadecimal digits each, single spaces between them.

Written so, draws are hashed, kept and cut as texts are.
"""

from collections.abc import Iterable

DRAW_BITS = 64
_DIGITS = DRAW_BITS // 4


def write_draws(draws: Iterable[int]) -> str:
    """Return draws as a sample's content."""
    return " ".join(f"{draw:0{_DIGITS}x}" for draw in draws)


def read_draws(content: str) -> tuple[int, ...]:
    """Return the draws that a sample's content holds."""
    return tuple(int(digits, 16) for digits in content.split(" "))


def draws_in(characters: int) -> int:
    """Return how many draws a content of `characters` holds."""
    return (characters + 1) // (_DIGITS + 1)
