"""What a random text is worth under the source that drew it, whatever any decoder thinks of it."""

import math
from bisect import bisect_left
from collections.abc import Sequence

# Sorts after every word that begins alike.
_LAST = chr(0x10FFFF)


def prefix_bits(text: str, ends: Sequence[int], words: Sequence[str]) -> tuple[float, ...]:
    """Return `-log2 P(the text begins with text[:end])` for each end, when its words are drawn uniformly.

    A word that a space follows is known: log2 N bits, N words. Of the one in progress only that it begins with what
    is there: log2(N / c) bits, c words beginning so.

    Args:
        text: Words joined by single spaces.
        ends: Ends of prefixes in characters, never decreasing.
        words: The N words, sorted.
    """
    word_bits = math.log2(len(words))
    bits, whole, begun = [], 0, 0
    for end in ends:
        while 0 <= (space := text.find(" ", begun, end)):
            whole, begun = whole + 1, space + 1
        start = text[begun:end]
        like = bisect_left(words, start + _LAST) - bisect_left(words, start)
        bits.append((whole + 1) * word_bits - math.log2(like))
    return tuple(bits)
