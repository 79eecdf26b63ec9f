"""What the site's figures share: a figure with its legend and its numbers, and how a series is marked."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cramboard.board.colours import LIGHT
from cramboard.board.drawing import WIDE, Figure, both, chart_of, sized
from cramboard.board.site.entries import Result
from cramboard.board.site.standings import Standing
from cramboard.results.words import plain

if TYPE_CHECKING:
    import altair as alt

    from cramboard.board.drawing import Drawing

# One accent colour: decoders differ in shade and dash, tasks in shape.
SHADES = ("accent", "ink", "muted")
DASHES = ((1, 0), (6, 3), (2, 2))
SHAPES = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross")


HEIGHT, LEFT = 320, 58
ABOVE: dict[str, Any] = {"titleAngle": 0, "titleAlign": "left", "titleBaseline": "bottom", "titleX": -50, "titleY": -14}
"""A vertical axis' title stands above it, where it is read without turning one's head."""


@dataclass(frozen=True)
class Key:
    """A legend's entry: a mark in a shade and a shape (None: a bare line), its label, and `of` what kind that is."""

    label: str
    shade: str
    shape: str | None = "circle"
    dashed: bool = False
    of: str = ""


@dataclass(frozen=True)
class Plot:
    """A figure, what it shows, its legend, and the numbers in it; `figure` is None while there is nothing to draw."""

    key: str
    title: str
    words: str
    figure: Figure | None
    legend: tuple[Key, ...]
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Series:
    """How the marks of one task and decoder look."""

    task: str
    decoder: str
    shade: str
    dash: tuple[int, int]
    shape: str

    @property
    def colour(self) -> str:
        """The colour in the light theme, which the style sheet swaps."""
        return LIGHT[self.shade]

    @property
    def fields(self) -> dict[str, Any]:
        """What a row of a chart says of its series."""
        return {"series": f"{self.task} {self.decoder}"}


class Marks:
    """Gives every task a shape and every decoder a shade, the same in all figures."""

    def __init__(self, results: Iterable[Result]) -> None:
        found = list(results)
        self._tasks = sorted({result.run.task.name for result in found})
        self._decoders = sorted({result.run.decoder.name for result in found})

    def of(self, result: Result) -> Series:
        """Return the look of a result's series."""
        task, decoder = result.run.task.name, result.run.decoder.name
        shade = self._decoders.index(decoder) % len(SHADES)
        shape = SHAPES[self._tasks.index(task) % len(SHAPES)]
        return Series(task, decoder, SHADES[shade], DASHES[shade], shape)

    def legend(self, results: Iterable[Result], lines: bool = False) -> tuple[Key, ...]:
        """Return the keys of the decoders, then of the tasks, that `results` have."""
        series = [self.of(result) for result in results]
        decoders = {one.decoder: one for one in series}
        tasks = {one.task: one for one in series}
        return (
            *(
                Key(plain(name, 60), one.shade, None if lines else "circle", lines and one.dash[1] > 0, "decoder")
                for name, one in sorted(decoders.items())
            ),
            *(Key(plain(name, 60), "muted", one.shape, of="task") for name, one in sorted(tasks.items())),
        )


def best(placed: Sequence[Standing]) -> list[Standing]:
    """Return the best optimised result that ranks, for each task, decoder and k, in that order."""
    found: dict[tuple[str, str, int], Standing] = {}
    for standing in placed:
        if standing.rank is not None and standing.kind == "optimised":
            run = standing.result.run
            key = (run.task.name, run.decoder.name, run.k)
            known = found.get(key)
            if known is None or (len(run.samples), standing.tokens) > (len(known.result.run.samples), known.tokens):
                found[key] = standing
    return [found[key] for key in sorted(found)]


def of_one_submission(
    placed: Sequence[Standing],
    group: Callable[[Standing], tuple[str, ...]],
    weight: Callable[[Sequence[Standing]], tuple[int, float]],
) -> list[list[Standing]]:
    """Return, a list for each group, the best results of one submission: of the one that weighs most.

    Another submission's result among them would be a difference of methods.
    """
    by_submission: dict[tuple[tuple[str, ...], str], list[Standing]] = {}
    for standing in placed:
        by_submission.setdefault((group(standing), standing.submission.slug), []).append(standing)
    found: dict[tuple[str, ...], list[Standing]] = {}
    for (name, _), standings in sorted(by_submission.items()):
        line = best(standings)
        if line and (name not in found or weight(line) > weight(found[name])):
            found[name] = line
    return list(found.values())


def scales(series: Sequence[Series]) -> dict[str, Any]:
    """Return colour and shape encodings for rows that have `Series.fields`."""
    import altair as alt

    looks = {one.fields["series"]: one for one in series}
    domain = list(looks)
    colour = alt.Scale(domain=domain, range=[one.colour for one in looks.values()])
    shape = alt.Scale(domain=domain, range=[one.shape for one in looks.values()])
    return {
        "color": alt.Color("series:N", scale=colour, legend=None),
        "shape": alt.Shape("series:N", scale=shape, legend=None),
    }


def dashes(series: Sequence[Series]) -> Any:
    """Return the dash encoding for rows that have `Series.fields`."""
    import altair as alt

    looks = {one.fields["series"]: one for one in series}
    scale = alt.Scale(domain=list(looks), range=[list(one.dash) for one in looks.values()])
    return alt.StrokeDash("series:N", scale=scale, legend=None)


def drawn(layers: Callable[[bool], Sequence[Any]], alternative: str) -> Figure:
    """Draw layers (made for a desk if told True, else for a phone) one over the other."""
    import altair as alt

    def draw(width: int) -> "Drawing":
        return sized(alt.layer(*layers(width == WIDE)), width, HEIGHT, left=LEFT, top=30)

    return both(draw, alternative)


def x_axis(field: str, title: str, desk: bool, **options: Any) -> "alt.X":
    """Return a horizontal axis without grid."""
    import altair as alt

    scale = alt.Scale(**options) if options else alt.Undefined
    return alt.X(field, title=title, scale=scale, axis=alt.Axis(tickCount=8 if desk else 4, format=",~r", grid=False))


def round_numbers(low: float, high: float, desk: bool) -> list[float]:
    """Return what a logarithmic axis is labelled with: 1, 2 and 5 times the powers of ten, fewer over a wide range.

    Between two of them it is labelled with its ends.
    """
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    few = len(decades) > (4 if desk else 3)
    numbers = [factor * 10.0**decade for decade in decades for factor in ((1,) if few else (1, 2, 5))]
    shown = [number for number in numbers if low <= number <= high]
    return shown if len(shown) > 1 else [float(f"{end:.2g}") for end in (low, high)]


def y_axis(field: str, title: str, **options: Any) -> "alt.Y":
    """Return a vertical axis with few lines."""
    import altair as alt

    scale = alt.Scale(**options) if options else alt.Undefined
    return alt.Y(field, title=title, scale=scale, axis=alt.Axis(tickCount=5, format=",~r", **ABOVE))


__all__ = [
    "HEIGHT", "LEFT", "Key", "Marks", "Plot", "Series", "best", "chart_of", "dashes", "drawn", "round_numbers",
    "scales", "x_axis", "y_axis",
]  # fmt: skip
