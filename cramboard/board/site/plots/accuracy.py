"""Accuracy against length: how the share of right tokens falls when a text goes on."""

from collections.abc import Mapping, Sequence
from typing import Any

from cramboard.board.drawing import ends
from cramboard.board.site.plots.plot import ABOVE, Key, Marks, Plot, best, chart_of, dashes, drawn, scales, x_axis
from cramboard.board.site.standings import Standing
from cramboard.results.words import number, plain, share, whole
from cramboard.schema import Interval


def accuracy(placed: Sequence[Standing], marks: Marks) -> Plot:
    """Plot the accuracy of the best optimised vectors at the tasks' fixed lengths."""
    shown = [s for s in best(placed) if s.result.run.k == 1 and s.result.summary.lengths]
    rows = [
        marks.of(s.result).fields
        | {"length": length, "without": _without(length, measures)}
        | ends(measures["accuracy"])
        for s in shown
        for length, measures in sorted(s.result.summary.lengths.items())
        if {"accuracy", "token_gain"} <= measures.keys()
    ]
    return Plot(
        key="accuracy",
        title="Accuracy against length",
        words=(
            "The share of a text's first tokens that are right under teacher forcing: 100% as far as the vector holds "
            "the text, then less and less. Thin lines are the decoder without vectors. Where a line falls below its "
            "thin line, the vector spoils more of what follows than it holds."
        ),
        figure=_draw(rows, [marks.of(s.result) for s in shown]) if rows else None,
        legend=(*marks.legend((s.result for s in shown), lines=True), Key("without vectors, thin", "muted", None)),
        headings=("Task", "Decoder", "First tokens", "Correct", "Without vectors"),
        rows=tuple(
            (
                plain(s.result.run.task.name),
                plain(s.result.run.decoder.name),
                whole(length),
                share(at["accuracy"]),
                f"{number(100 * _without(length, at))}%",
            )
            for s in shown
            for length, at in sorted(s.result.summary.lengths.items())
            if {"accuracy", "token_gain"} <= at.keys()
        ),
    )


def _without(length: int, measures: Mapping[str, Interval]) -> float:
    """Return the decoder's accuracy without vectors: the token gain is what they add to it, in tokens."""
    return measures["accuracy"].mean - measures["token_gain"].mean / length


def _draw(rows: list[dict[str, Any]], series: Sequence[Any]) -> Any:
    looks = scales(series)
    lengths = sorted({row["length"] for row in rows})

    def layers(desk: bool) -> list[Any]:
        import altair as alt

        x = x_axis(
            "length:Q", "length, tokens", desk, type="log", base=2, domain=[lengths[0] / 1.15, lengths[-1] * 1.15]
        )
        x = x.axis(alt.Axis(values=lengths, format="d", grid=False))
        y = alt.Y(
            "mean:Q", title="correct", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%", tickCount=5, **ABOVE)
        )
        base = chart_of(rows).encode(x=x)
        return [
            base.mark_line(strokeWidth=0.75, opacity=0.7).encode(
                y=alt.Y("without:Q", title="correct"), color=looks["color"]
            ),
            base.mark_line(strokeWidth=1.5).encode(y=y, color=looks["color"], strokeDash=dashes(series)),
            base.mark_point(filled=True, opacity=1, size=50).encode(y=y, **looks),
        ]

    ends_at = {
        row["series"]: f"{row['series']}: {number(100 * row['mean'])}% of {row['length']} tokens" for row in rows
    }
    return drawn(layers, "Accuracy against length. " + "; ".join(ends_at.values()) + ".")
