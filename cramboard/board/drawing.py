"""How figures are drawn: Altair specs rendered to SVG here and now, so that a page needs no script.

Each figure is drawn for a desk and for a phone (the page shows one of them), in the colours of
`colours.LIGHT`, which the style sheet swaps in the dark. Sizes are fixed and the layout depends on no font,
so equal data give equal bytes.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cramboard.board.colours import LIGHT
from cramboard.schema import Interval

if TYPE_CHECKING:
    import altair as alt

    Drawing = alt.LayerChart | alt.FacetChart

WIDE, NARROW = 880, 330
RIGHT = 14


@dataclass(frozen=True)
class Figure:
    """One figure: the SVG for a desk, the SVG for a phone, and what a reader who sees neither is told."""

    wide: str
    narrow: str
    alternative: str


def chart_of(rows: Iterable[dict[str, Any]]) -> "alt.Chart":
    """Start a chart of `rows`, kept inline so that nothing limits or rearranges them."""
    import altair as alt

    return alt.Chart(alt.Data(values=list(rows)))  # type: ignore[no-untyped-call]


def ends(value: Interval) -> dict[str, Any]:
    """Return an interval as fields of a row."""
    return {"mean": value.mean, "low": value.low, "high": value.high}


def sized(chart: "Drawing", width: int, height: int, left: int, top: int) -> "Drawing":
    """Fix every size and dress the axes."""
    import altair as alt

    right, bottom = RIGHT, 46
    axis = {
        "labelColor": LIGHT["muted"],
        "titleColor": LIGHT["muted"],
        "labelFontSize": 12,
        "titleFontSize": 12,
    }
    axis |= {"gridColor": LIGHT["line"], "domainColor": LIGHT["line"], "tickColor": LIGHT["line"]}
    dressed: Drawing = (
        chart.properties(
            width=width - left - right,
            height=height,
            autosize=alt.AutoSizeParams(type="none"),
            padding={"left": left, "right": right, "top": top, "bottom": bottom},
        )
        .configure(aria=False, background="transparent", font="Liberation Sans")
        .configure_view(stroke=None)
        .configure_axis(
            titleFontWeight="normal",
            titlePadding=10,
            labelPadding=6,
            labelOverlap=False,
            labelFlush=False,
            **axis,
        )
    )
    return dressed


def both(draw: "Callable[[int], Drawing]", alternative: str) -> Figure:
    """Draw for a desk and for a phone."""
    return Figure(wide=_svg(draw(WIDE)), narrow=_svg(draw(NARROW)), alternative=alternative)


def _svg(chart: "Drawing") -> str:
    """Render to an SVG element for the inside of an HTML page (which needs no XML namespaces)."""
    import altair as alt
    import vl_convert

    version = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
    svg: str = vl_convert.vegalite_to_svg(chart.to_dict(), vl_version=version, allowed_base_urls=[])
    svg = re.sub(r' xmlns(:xlink)?="[^"]*"', "", svg, count=2)
    # A figure is one picture with one text alternative; its parts have no roles of their own.
    return re.sub(r"<g [^>]*>", lambda tag: re.sub(r' (role|aria-[a-z]+)="[^"]*"', "", tag[0]), svg)
