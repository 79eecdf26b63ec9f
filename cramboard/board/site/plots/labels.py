"""Names beside the marks of a figure: where there is room for one without touching a mark or another name."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

SIDES: dict[str, dict[str, Any]] = {
    "right": {"align": "left", "dx": 9, "dy": 0},
    "left": {"align": "right", "dx": -9, "dy": 0},
    "above": {"align": "center", "dx": 0, "dy": -13},
    "over": {"align": "left", "dx": -5, "dy": -13},
}
"""How a name stands to its mark, in the order in which the places are tried."""

FONT = 12
# A letter's width on average, generous: the browser's font is not known here.
_LETTER, _MARK = 6.3, 7.0
_MOST = 14


@dataclass(frozen=True)
class Spot:
    """A mark's place in pixels, from the left and from above, and its name."""

    x: float
    y: float
    name: str


Box = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels."""


def sides(spots: Sequence[Spot], width: float, height: float, lines: Sequence[Box] = ()) -> list[str]:
    """Return for each spot a key of `SIDES`, or '' where its name would not fit; earlier ones choose first.

    A name crosses none of `lines`.
    """
    taken = [*lines] + [(spot.x - _MARK, spot.y - _MARK, spot.x + _MARK, spot.y + _MARK) for spot in spots]
    found = []
    for spot in spots[:_MOST]:
        side = next((side for side in SIDES if _free(_box(spot, side), taken, width, height)), "")
        found.append(side)
        if side:
            taken.append(_box(spot, side))
    return found + [""] * (len(spots) - len(found))


def _box(spot: Spot, side: str) -> Box:
    long, high = _LETTER * len(spot.name), FONT / 2 + 2
    look = SIDES[side]
    x, y = spot.x + look["dx"], spot.y + look["dy"]
    left = {"left": x, "right": x - long, "center": x - long / 2}[look["align"]]
    return left, y - high + 2, left + long, y + high - 2


def _free(box: Box, taken: Sequence[Box], width: float, height: float) -> bool:
    left, top, right, bottom = box
    if left < 0 or right > width or bottom > height - 2:
        return False
    return not any(left < other[2] and right > other[0] and top < other[3] and bottom > other[1] for other in taken)
