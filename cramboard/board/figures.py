"""The figures of a run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from cramboard.board.colours import LIGHT
from cramboard.board.drawing import WIDE, Figure, both, chart_of, ends, sized
from cramboard.results.words import number, plain
from cramboard.schema import Interval, TaskStatistics, UnitCost

if TYPE_CHECKING:
    from cramboard.board.drawing import Drawing

Outcome = Literal["failure", "censored", "limited", "missing"]
SHAPES: dict[Outcome, str] = {
    "failure": "circle",
    "censored": "triangle-right",
    "limited": "square",
    "missing": "cross",
}


@dataclass(frozen=True)
class Bar:
    """One sample in the plot of horizons."""

    label: str
    horizon: int
    span: int
    outcome: Outcome


def span_limit(bars: Sequence[Bar]) -> int | None:
    """Return the largest span if it fits beside the horizons on one axis, else None (it is said in words)."""
    span, horizon = max(bar.span for bar in bars), max(bar.horizon for bar in bars)
    return span if 0 < span <= 4 * max(horizon, 1) else None


def horizons(bars: Sequence[Bar], mean: Interval, alternative: str) -> Figure:
    """Draw one line a sample, most tokens first, with each span limit and the mean; `mean` is in tokens."""
    return both(lambda width: _horizons(bars, mean, width), alternative)


def gains(lengths: dict[int, dict[str, Interval]], alternative: str) -> Figure:
    """Draw the information gain against the length, beside the constant control's."""
    return both(lambda width: _gains(lengths, width), alternative)


def anytime(units: Sequence[UnitCost], alternative: str) -> Figure:
    """Draw the mean certified horizon of each unit against the compute seconds a sample."""
    return both(lambda width: _anytime(units, width), alternative)


def surprisal(statistics: TaskStatistics, alternative: str) -> Figure:
    """Draw the bits per token of each decoder alone against the position in the sample."""
    return both(lambda width: _surprisal(statistics, width), alternative)


def standalone(svg: str) -> str:
    """Make of a figure's SVG a file of its own, legible on a dark ground too."""
    ground = f'<rect width="100%" height="100%" fill="{LIGHT["card"]}"/>'
    head, body = svg.split(">", 1)
    named = head.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    return f"{named}>{ground}{body}\n"


def _horizons(bars: Sequence[Bar], mean: Interval, width: int) -> "Drawing":
    import altair as alt

    row = 24.0 if len(bars) <= 16 else 400 / len(bars)
    labelled = row >= 14
    room, letters = ((210, 30) if width == WIDE else (112, 15)) if labelled else (12, 0)
    largest = max([bar.horizon for bar in bars] + [span_limit(bars) or 0, 1]) * 1.03
    base = chart_of(
        {"row": at, "label": _short(bar.label, letters), "horizon": bar.horizon}
        | {"span": bar.span, "outcome": bar.outcome, "top": at - 0.34, "foot": at + 0.34}
        for at, bar in enumerate(bars)
    )
    the_mean = chart_of([ends(mean)])
    x = alt.X(
        "horizon:Q",
        title="tokens recovered exactly",
        scale=alt.Scale(domain=[0, largest], nice=False),
        axis=alt.Axis(tickCount=8 if width == WIDE else 5, format=",d"),
    )
    y_scale = alt.Scale(domain=[len(bars) - 0.5, -0.5], nice=False)
    y = alt.Y("row:Q", axis=None, scale=y_scale)
    shapes = alt.Scale(domain=list(SHAPES), range=list(SHAPES.values()))
    thickness = min(6.0, max(0.5, row * 0.4))
    layers: list[Any] = [
        the_mean.mark_rect(color=LIGHT["band"]).encode(x=alt.X("low:Q"), x2="high:Q"),
        base.mark_rule(color=LIGHT["accent"], strokeWidth=thickness, opacity=0.45).encode(x=x, x2=alt.datum(0), y=y),
        base.mark_point(filled=True, color=LIGHT["accent"], opacity=1, size=min(70, row * 5)).encode(
            x=x, y=y, shape=alt.Shape("outcome:N", scale=shapes, legend=None)
        ),
        the_mean.mark_rule(color=LIGHT["ink"], strokeDash=[5, 4], strokeWidth=1.5).encode(x=alt.X("mean:Q")),
        the_mean.mark_text(color=LIGHT["ink"], align=_side(mean.mean, largest), dy=-9, fontSize=12, y=0).encode(
            x=alt.X("mean:Q"), text=alt.value(f"mean {number(mean.mean)}")
        ),
    ]
    if span_limit(bars):
        spans = base.transform_filter("datum.span > 0").mark_rule(color=LIGHT["muted"], strokeWidth=2)
        layers.append(spans.encode(x=alt.X("span:Q"), y=alt.Y("top:Q", axis=None, scale=y_scale), y2="foot:Q"))
    if labelled:
        layers.append(base.mark_text(align="right", x=-10, color=LIGHT["ink"], fontSize=12).encode(y=y, text="label:N"))
    return sized(alt.layer(*layers), width, round(row * len(bars)), left=room, top=26)


def _gains(lengths: dict[int, dict[str, Interval]], width: int) -> "Drawing":
    import altair as alt

    # The control stands a little to the right, so that both intervals can be seen.
    names = {"gain_bits_per_vector": "vector", "control_gain_bits_per_vector": "control"}
    values = [
        {"length": length * (1.03 if who == "control" else 1), "who": who} | ends(measures[name])
        for length, measures in sorted(lengths.items())
        for name, who in names.items()
        if name in measures
    ]
    ticks = sorted(lengths)
    x = alt.X(
        "length:Q",
        title="length, tokens",
        scale=alt.Scale(type="log", base=2, domain=[ticks[0] / 1.15, ticks[-1] * 1.15], nice=False),
        axis=alt.Axis(values=ticks, format="d", grid=False),
    )
    y = alt.Y("mean:Q", title=None, axis=alt.Axis(tickCount=5, format=",d"))
    base = chart_of(values)
    colour = alt.Scale(domain=["vector", "control"], range=[LIGHT["accent"], LIGHT["muted"]])
    dash = alt.Scale(domain=["vector", "control"], range=[[1, 0], [6, 4]])
    shape = alt.Scale(domain=["vector", "control"], range=["circle", "diamond"])
    shade = alt.Color("who:N", scale=colour, legend=None)
    zero = chart_of([{"zero": 0}]).mark_rule(color=LIGHT["line"], strokeWidth=2)
    chart = alt.layer(
        zero.encode(y=alt.Y("zero:Q")),
        base.mark_rule(strokeWidth=1.5).encode(x=x, y=alt.Y("low:Q"), y2="high:Q", color=shade),
        base.mark_line(strokeWidth=2).encode(
            x=x, y=y, color=shade, strokeDash=alt.StrokeDash("who:N", scale=dash, legend=None)
        ),
        base.mark_point(filled=True, opacity=1, size=60).encode(
            x=x, y=y, color=shade, shape=alt.Shape("who:N", scale=shape, legend=None)
        ),
    )
    return sized(chart, width, 220, left=52, top=12)


def _surprisal(statistics: TaskStatistics, width: int) -> "Drawing":
    import altair as alt

    values = [
        # On an axis of doublings, a stretch stands at its middle.
        {"decoder": entry.decoder.name, "token": 2**0.5 * stretch.last / 2, "mean": stretch.mean}
        | {"low": stretch.low, "high": stretch.high}
        for entry in statistics.decoders
        for stretch in entry.stretches
    ]
    names = [entry.decoder.name for entry in statistics.decoders]
    ends = sorted({stretch.last for entry in statistics.decoders for stretch in entry.stretches})
    x = alt.X(
        "token:Q",
        title="token of the sample",
        scale=alt.Scale(type="log", base=2, domain=[ends[0] / 2, ends[-1]], nice=False),
        axis=alt.Axis(values=ends, format="d", grid=False),
    )
    y = alt.Y("mean:Q", title="bits per token", axis=alt.Axis(tickCount=5, format=",d"))
    base = chart_of(values)
    colours = [LIGHT["accent"], LIGHT["stop"], LIGHT["ink"], LIGHT["muted"]]
    shade = alt.Color("decoder:N", scale=alt.Scale(domain=names, range=colours[: len(names)]), legend=None)
    labels = chart_of({"decoder": name, "row": row} for row, name in enumerate(names))
    chart = alt.layer(
        base.mark_area(opacity=0.15).encode(x=x, y=alt.Y("low:Q", title=None), y2="high:Q", color=shade),
        base.mark_line(strokeWidth=2).encode(x=x, y=y, color=shade),
        base.mark_point(filled=True, opacity=1, size=50).encode(x=x, y=y, color=shade),
        *(
            labels.transform_filter(f"datum.row == {row}")
            .mark_text(align="right", fontSize=12, x=width - 80, y=8 + 16 * row)
            .encode(text="decoder:N", color=shade)
            for row in range(len(names))
        ),
    )
    return sized(chart, width, 240, left=52, top=12)


def _anytime(units: Sequence[UnitCost], width: int) -> "Drawing":
    import altair as alt

    values = [
        {"unit": unit, "seconds": point.seconds, "horizon": point.mean_horizon}
        for unit, cost in enumerate(units, 1)
        for point in cost.curve
    ]
    x = alt.X("seconds:Q", title="seconds a sample", axis=alt.Axis(tickCount=6, format=",~g", grid=False))
    y = alt.Y("horizon:Q", title=None, axis=alt.Axis(tickCount=5, format=",~g"))
    base = chart_of(values).encode(x=x, y=y)
    chart = alt.layer(
        base.mark_line(color=LIGHT["accent"], strokeWidth=1.5, opacity=0.6).encode(detail="unit:N"),
        base.mark_point(filled=True, color=LIGHT["accent"], opacity=1, size=50),
    )
    return sized(chart, width, 200, left=52, top=12)


def _side(mean: float, largest: float) -> Literal["left", "center", "right"]:
    """Keep the mean's label inside the figure."""
    return "left" if mean < 0.12 * largest else "right" if mean > 0.88 * largest else "center"


def _short(label: str, letters: int) -> str:
    """Cut a label in its middle, where ids differ least."""
    label = plain(label)
    half = (letters - 1) // 2
    return label if len(label) <= letters else f"{label[:half]}…{label[-half:]}" if half > 0 else ""
