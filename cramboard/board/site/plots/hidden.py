"""Public against sealed: does a method do as well on samples that nobody could prepare for?"""

from collections.abc import Sequence
from typing import Any

from cramboard.board.colours import LIGHT
from cramboard.board.site.gapwords import gap_cell
from cramboard.board.site.plots.plot import Marks, Plot, chart_of, drawn, scales, x_axis, y_axis
from cramboard.board.site.standings import Standing
from cramboard.board.site.tables import Sealed
from cramboard.board.site.words import named
from cramboard.results.words import interval, number, plain


def hidden(placed: Sequence[Standing], sealed: Sealed, marks: Marks) -> Plot:
    """Plot tokens per vector on sealed samples against those on public ones."""
    # A protocol's own layout counts tokens otherwise: it has no place among the marks.
    found = [(s, sealed.get(s.result.likeness)) for s in placed if not s.result.own_layout]
    pairs = [(s, twin) for s, twin in found if twin is not None][:300]
    rows: list[dict[str, Any]] = [
        marks.of(s.result).fields
        | {"public": s.tokens, "sealed": twin.summary.measures["tokens_per_vector"].mean}
        | {"low": twin.summary.measures["tokens_per_vector"].low}
        | {"high": twin.summary.measures["tokens_per_vector"].high}
        | {"flag": "flagged" if twin.gap and twin.gap.flagged else ""}
        for s, twin in pairs
    ]
    return Plot(
        key="sealed",
        title="Public against sealed",
        words=(
            "The same method on a task's public samples and on a sealed set of it, drawn with a secret seed. On the "
            "line both are equal. Sealed texts may be harder for every method, so the gap is measured relative to "
            "cramming: 2x means twice as good on the public samples."
        ),
        figure=_draw(rows, [marks.of(s.result) for s, _ in pairs]) if rows else None,
        legend=marks.legend(s.result for s, _ in pairs),
        headings=("Submission", "Task", "Decoder", "k", "Public", "Sealed", "Gap"),
        rows=tuple(
            (
                named(s.submission.spec.name),
                plain(s.result.run.task.name),
                plain(s.result.run.decoder.name),
                str(s.result.run.k),
                interval(s.result.summary.measures["tokens_per_vector"]),
                interval(twin.summary.measures["tokens_per_vector"]),
                " ".join(filter(None, ((cell := gap_cell(twin)).text, cell.note))),
            )
            for s, twin in pairs
        ),
    )


def _draw(rows: list[dict[str, Any]], series: Sequence[Any]) -> Any:
    looks = scales(series)
    top = max(max(row["public"], row["high"]) for row in rows) * 1.08 or 1.0
    line: list[dict[str, Any]] = [{"public": 0, "sealed": 0}, {"public": top, "sealed": top}]

    def layers(desk: bool) -> list[Any]:
        x = x_axis("public:Q", "tokens per vector, public samples", desk, domain=[0, top], nice=False)
        y = y_axis("sealed:Q", "sealed samples", domain=[0, top], nice=False)
        base = chart_of(rows).encode(x=x)
        return [
            chart_of(line).mark_line(color=LIGHT["muted"], strokeWidth=1, strokeDash=[4, 4]).encode(x=x, y=y),
            base.mark_rule(strokeWidth=1.25).encode(
                y=y_axis("low:Q", "sealed samples"), y2="high:Q", color=looks["color"]
            ),
            base.mark_point(filled=True, opacity=1, size=70).encode(y=y, **looks),
            base.mark_text(align="left", dx=9, dy=1, fontSize=12, color=LIGHT["ink"]).encode(y=y, text="flag:N"),
        ]

    parts = [
        f"{row['series']}: {number(row['public'])} public, {number(row['sealed'])} sealed {row['flag']}".rstrip()
        for row in rows[:20]
    ]
    return drawn(layers, "Tokens per vector, sealed against public. " + "; ".join(parts) + ".")
