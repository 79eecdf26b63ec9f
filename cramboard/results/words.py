"""How numbers, intervals and untrusted words are written for people."""

from cramboard.schema import Interval


def number(value: float, largest: float | None = None) -> str:
    """Write `value` with as many decimals as a number of the size of `largest` (or its own) deserves.

    1,568 / 31.2 / 4.05 / 0.217 / 0.0042; never '-0.0'.
    """
    size = abs(value if largest is None else largest)
    decimals = 0 if size >= 1000 else 1 if size >= 10 else 2 if size >= 1 else 3 if size >= 0.1 else 4
    if value == 0 and size == 0:
        return "0"
    # Adding 0 after rounding turns -0.0 into 0.0.
    return f"{round(value, decimals) + 0.0:,.{decimals}f}"


def whole(value: int) -> str:
    """Write a count: 1,568."""
    return f"{value:,}"


def interval(value: Interval, scale: float = 1.0, unit: str = "") -> str:
    """Write a mean with its interval: '31.2 [24.0, 39.5]', '>= 31.2 [..]' with censored samples in it.

    An interval without width (one sample, or samples all alike) is left out: it would read as certainty.
    """
    mean, low, high = value.mean * scale, value.low * scale, value.high * scale
    largest = max(abs(mean), abs(low), abs(high))
    text = number(mean, largest) + unit
    if low < high:
        text += f" [{number(low, largest)}, {number(high, largest)}]"
    return f">= {text}" if value.at_least else text


def share(value: Interval) -> str:
    """Write a mean share of 1 with its interval in percent: '45.0% [40.1, 49.9]'."""
    return interval(value, 100.0, "%")


def plain(text: str, limit: int = 200) -> str:
    r"""Make untrusted words safe to show on one line: no control, invisible or direction-changing characters.

    What cannot be seen is spelt out (an escape becomes `\u{1b}`), line breaks become spaces, and what goes on
    past `limit` characters is cut. Markup is the business of whoever prints it.
    """
    shown = "".join(
        " " if char in "\n\t\r" else char if char.isprintable() else f"\\u{{{ord(char):x}}}" for char in text[:limit]
    )
    return shown + "…" if len(text) > limit else shown
