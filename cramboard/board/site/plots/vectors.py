"""Horizon against k: what further vectors add."""

from collections.abc import Sequence
from typing import Any

from cramboard.board.site.plots.plot import Marks, Plot, best, chart_of, dashes, drawn, scales, x_axis, y_axis
from cramboard.board.site.standings import Standing
from cramboard.results.words import interval, number, plain


def vectors(placed: Sequence[Standing], marks: Marks) -> Plot:
    """Plot the mean horizon of the best optimised vectors against how many there are."""
    shown = best(placed)
    rows = [_row(s, marks) for s in shown]
    several = len({row["k"] for row in rows}) > 1
    return Plot(
        key="vectors",
        title="Horizon against k",
        words=(
            "Twice the vectors would hold twice the tokens if each held as much as one alone: along the thin lines, "
            "which go on from k = 1. Several vectors are measured on fixed subsets of the samples."
        ),
        figure=_draw(rows, [marks.of(s.result) for s in shown]) if several else None,
        legend=marks.legend((s.result for s in shown), lines=True),
        headings=("Task", "Decoder", "k", "Horizon, tokens", "Samples"),
        rows=tuple(
            (
                plain(s.result.run.task.name),
                plain(s.result.run.decoder.name),
                str(s.result.run.k),
                interval(s.result.summary.measures["tokens_per_vector"], s.result.run.k),
                str(len(s.result.run.samples)),
            )
            for s in shown
        ),
    )


def _row(standing: Standing, marks: Marks) -> dict[str, Any]:
    k, held = standing.result.run.k, standing.result.summary.measures["tokens_per_vector"]
    # A logarithmic axis has no 0.
    sizes = {"mean": max(held.mean * k, 0.1), "low": max(held.low * k, 0.1), "high": max(held.high * k, 0.1)}
    return marks.of(standing.result).fields | {"k": k} | sizes


def _draw(rows: list[dict[str, Any]], series: Sequence[Any]) -> Any:
    looks = scales(series)
    ks = sorted({row["k"] for row in rows})
    linear = [
        {"series": row["series"], "k": k, "mean": row["mean"] * k} for row in rows if row["k"] == 1 for k in (1, ks[-1])
    ]

    def layers(desk: bool) -> list[Any]:
        import altair as alt

        x = x_axis("k:Q", "vectors (k)", desk, type="log", base=2, domain=[ks[0] / 1.1, ks[-1] * 1.1])
        x = x.axis(alt.Axis(values=ks, format="d", grid=False))
        y = y_axis("mean:Q", "horizon, tokens", type="log", base=2)
        shade = {"color": looks["color"]}
        base = chart_of(rows).encode(x=x)
        return [
            chart_of(linear).mark_line(strokeWidth=0.75, opacity=0.5).encode(x=x, y=y, **shade),
            base.mark_rule(strokeWidth=1.25).encode(y=y_axis("low:Q", "horizon, tokens"), y2="high:Q", **shade),
            base.mark_line(strokeWidth=1.5).encode(y=y, strokeDash=dashes(series), **shade),
            base.mark_point(filled=True, opacity=1, size=55).encode(y=y, **looks),
        ]

    parts = [f"{row['series']}, k = {row['k']}: {number(row['mean'])} tokens" for row in rows]
    return drawn(layers, "Horizon against k. " + "; ".join(parts) + ".")
