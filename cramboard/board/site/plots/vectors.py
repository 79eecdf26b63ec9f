"""Horizon against k: what further vectors add."""

from collections.abc import Sequence
from typing import Any

from cramboard.board.site.plots.plot import (
    Marks,
    Plot,
    chart_of,
    dashes,
    drawn,
    of_one_submission,
    scales,
    x_axis,
    y_axis,
)
from cramboard.board.site.standings import Standing
from cramboard.board.site.words import named
from cramboard.results.bootstrap import mean_interval
from cramboard.results.words import interval, number, plain
from cramboard.schema import Interval


def vectors(placed: Sequence[Standing], marks: Marks) -> Plot:
    """Plot the mean horizon of optimised vectors against how many there are."""
    lines = [list(zip(line, _horizons(line), strict=True)) for line in _lines(placed)]
    shown = [s for line in lines for s, _ in line]
    rows = [_row(s, held, marks) for line in lines for s, held in line]
    return Plot(
        key="vectors",
        title="Horizon against k",
        words=(
            "If each of k vectors held as much as one alone, the marks would lie on the thin lines, which go on from "
            "k = 1. Several vectors are run on a fixed subset of the samples; every k is counted here on the samples "
            "that all of them share. A line is one submission: the one with the most values of k."
        ),
        figure=_draw(rows, [marks.of(s.result) for s in shown]) if rows else None,
        legend=marks.legend((s.result for s in shown), lines=True),
        headings=("Task", "Decoder", "Submission", "k", "Horizon, tokens", "Tokens per vector", "Samples"),
        rows=tuple(
            (
                plain(s.result.run.task.name),
                plain(s.result.run.decoder.name),
                named(s.submission.spec.name),
                str(s.result.run.k),
                interval(held),
                interval(held, 1 / s.result.run.k),
                str(len(_shared([other for other, _ in line]))),
            )
            for line in lines
            for s, held in line
        ),
    )


def _lines(placed: Sequence[Standing]) -> list[list[Standing]]:
    """Return for each task and decoder the optimised results of one submission, by k: of that with the most k.

    One k alone says nothing of further vectors and is no line; nor are several that share no sample.
    """
    lines = of_one_submission(placed, lambda s: (s.result.run.task.name, s.result.run.decoder.name), _weight)
    return [line for line in lines if _weight(line)[0] > 1]


def _weight(line: Sequence[Standing]) -> tuple[int, float]:
    return len(line) if _shared(line) else 0, line[0].tokens


def _shared(group: Sequence[Standing]) -> list[str]:
    """Return the samples that every result of a group is on."""
    return sorted(set[str].intersection(*(set(s.result.run.samples) for s in group)))


def _horizons(group: Sequence[Standing]) -> list[Interval]:
    """Return the mean horizon of each result over the samples that all of them share; a missing one counts 0."""
    made = []
    for standing in group:
        found = {record.sample: record for record in standing.result.records}
        records = [(sample, found.get(sample)) for sample in _shared(group)]
        made.append(
            mean_interval(
                [float(record.horizon) if record else 0.0 for _, record in records],
                [("author", record.author) if record else ("sample", sample) for sample, record in records],
                any(record.censored for _, record in records if record),
            )
        )
    return made


def _row(standing: Standing, held: Interval, marks: Marks) -> dict[str, Any]:
    # A logarithmic axis has no 0.
    sizes = {"mean": max(held.mean, 0.1), "low": max(held.low, 0.1), "high": max(held.high, 0.1)}
    return marks.of(standing.result).fields | {"k": standing.result.run.k} | sizes


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
