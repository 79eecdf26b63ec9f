"""The cells of the board's tables: what is shown, what it sorts by, and the interval drawn beside a number."""

from dataclasses import dataclass

from markupsafe import Markup

from cramboard.board.environment import at_least
from cramboard.board.facts import seconds
from cramboard.results.words import interval, number
from cramboard.schema import Interval

BAR_WIDTH = 72
TRACK_WIDTH = 180
_EDGE = 4.0


@dataclass(frozen=True)
class Column:
    """A column: its key in the address, its heading, and one line that says what it is."""

    key: str
    heading: str
    meaning: str
    numeric: bool = True


@dataclass(frozen=True)
class Cell:
    """One cell; `value` sorts it (text sorts by itself), `drawn` is a drawing of ours, `note` stands under the text."""

    text: str
    value: float | None = None
    title: str = ""
    drawn: Markup | None = None
    note: str = ""

    @property
    def sort(self) -> str:
        """The value in few letters."""
        return "" if self.value is None else f"{self.value:.6g}"


EMPTY = Cell("")


def bar(value: Interval, largest: float) -> Markup:
    """Draw an interval and, as a tick, its mean on a line from 0 to `largest`."""
    low, mean, high = (_place(number, largest) for number in (value.low, value.mean, value.high))
    return Markup(
        f'<svg class="ci" viewBox="0 0 {BAR_WIDTH} 12" width="{BAR_WIDTH}" height="12" aria-hidden="true">'
        f'<path d="M{low} 6H{high}"/><path class="mean" d="M{mean} 1V11"/></svg>'
    )


def track(value: Interval, most: float) -> Markup:
    """Draw a mean with its interval as a part of `most`, which is the whole length."""
    low, mean, high = (_place(number, most, TRACK_WIDTH, 0.0) for number in (value.low, value.mean, value.high))
    return Markup(
        f'<svg class="track" viewBox="0 0 {TRACK_WIDTH} 12" width="{TRACK_WIDTH}" height="12" aria-hidden="true">'
        f'<path class="whole" d="M0 6H{TRACK_WIDTH}"/><path class="held" d="M0 6H{mean}"/>'
        f'<path class="ends" d="M{low} 6H{high}M{low} 2V10M{high} 2V10"/></svg>'
    )


def _place(value: float, largest: float, width: float = BAR_WIDTH, edge: float = _EDGE) -> str:
    share = min(1.0, max(0.0, value / largest if largest > 0 else 0.0))
    return f"{edge + share * (width - 2 * edge):.4g}"


def mean_cell(value: Interval | None, scale: float = 1.0, unit: str = "") -> Cell:
    """Return a cell with a mean; pointing at it shows the interval."""
    if value is None:
        return EMPTY
    sign = ">= " if value.at_least else ""
    text = at_least(f"{sign}{number(value.mean * scale)}{unit}")
    return Cell(text, value.mean * scale, at_least(interval(value, scale, unit)) if value.low < value.high else "")


def drawn_cell(value: Interval, largest: float) -> Cell:
    """Return a cell with a mean, its interval drawn, and under it the interval in numbers."""
    cell = mean_cell(value)
    return Cell(cell.text, cell.value, drawn=bar(value, largest), note=between(value))


def between(value: Interval) -> str:
    """Write the ends of an interval as everywhere, '[24.0, 39.5]'; nothing where there is none."""
    _, bracket, ends = interval(value).partition(" [")
    return (bracket + ends).lstrip()


def seconds_cell(value: float | None) -> Cell:
    """Return a cell with a duration, in seconds so that a column compares; pointing at it shows it in hours."""
    if value is None:
        return EMPTY
    return Cell(f"{value:,.0f} s" if value >= 100 else f"{value:.3g} s", value, seconds(value))
