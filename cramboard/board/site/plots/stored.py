"""Horizon against stored bits: what a coarser dtype of the vectors costs."""

import math
from collections.abc import Sequence
from typing import Any

from cramboard.board.colours import LIGHT
from cramboard.board.drawing import ends
from cramboard.board.site.entries import DTYPES
from cramboard.board.site.plots.plot import Marks, Plot, best, chart_of, dashes, drawn, scales, x_axis, y_axis
from cramboard.board.site.standings import Standing
from cramboard.results.words import interval, number, plain


def stored(placed: Sequence[Standing], marks: Marks) -> Plot:
    """Plot tokens per vector against the bits of one vector in each dtype."""
    shown = [s for s in best(placed) if s.result.run.k == 1 and s.result.records and s.result.summary.stored]
    rows = [row for s in shown for row in _rows(s, marks)]
    return Plot(
        key="stored",
        title="Horizon against stored bits",
        words=(
            "The same vectors stored as float32, bfloat16, int8 and int4, and verified again. Where a line is level, "
            "the extra precision carries nothing; where it falls, the coarser dtype has lost text."
        ),
        figure=_draw(rows, [marks.of(s.result) for s in shown]) if rows else None,
        legend=marks.legend((s.result for s in shown), lines=True),
        headings=("Task", "Decoder", "Stored as", "Bits of a vector", "Tokens per vector"),
        rows=tuple(
            (
                plain(s.result.run.task.name),
                plain(s.result.run.decoder.name),
                row["dtype"],
                f"{row['bits']:,.0f}",
                interval(s.result.summary.stored[row["dtype"]]),
            )
            for s in shown
            for row in _rows(s, marks)
        ),
    )


def _rows(standing: Standing, marks: Marks) -> list[dict[str, Any]]:
    result = standing.result
    made = []
    for dtype in DTYPES:
        sizes = [r.stored[dtype].bits / result.run.k for r in result.records if dtype in r.stored]
        if sizes and dtype in result.summary.stored:
            mean = {"bits": math.fsum(sizes) / len(sizes), "dtype": dtype}
            made.append(marks.of(result).fields | mean | ends(result.summary.stored[dtype]))
    return made


def _draw(rows: list[dict[str, Any]], series: Sequence[Any]) -> Any:
    looks = scales(series)
    first = min(rows, key=lambda row: row["bits"])["series"]

    def layers(desk: bool) -> list[Any]:
        import altair as alt

        x = x_axis(
            "bits:Q", "stored bits of one vector", desk, type="log", base=2, nice=False, padding=44 if desk else 16
        )
        x = x.axis(alt.Axis(values=[2**power for power in range(8, 24)], format=",d", grid=False))
        y = y_axis("mean:Q", "tokens per vector")
        base = chart_of(rows).encode(x=x)
        # The dtypes are named once, at the series that lies furthest to the left.
        named = chart_of([row for row in rows if row["series"] == first] if desk else []).encode(x=x)
        return [
            named.mark_text(align="right", dx=-8, dy=-7, fontSize=12, color=LIGHT["muted"]).encode(y=y, text="dtype:N"),
            base.mark_rule(strokeWidth=1.25).encode(
                y=y_axis("low:Q", "tokens per vector"), y2="high:Q", color=looks["color"]
            ),
            base.mark_line(strokeWidth=1.5).encode(y=y, color=looks["color"], strokeDash=dashes(series)),
            base.mark_point(filled=True, opacity=1, size=55).encode(y=y, **looks),
        ]

    parts = [f"{row['series']} as {row['dtype']}: {number(row['mean'])} tokens" for row in rows]
    return drawn(layers, "Tokens per vector against stored bits. " + "; ".join(parts) + ".")
