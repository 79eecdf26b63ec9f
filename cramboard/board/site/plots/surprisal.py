"""Information against the text's surprisal: is the limit the text's uncertainty, or its length?"""

import math
from collections.abc import Sequence
from typing import Any

from cramboard.board.drawing import ends
from cramboard.board.site.plots.plot import Marks, Plot, chart_of, drawn, of_one_submission, scales, x_axis, y_axis
from cramboard.board.site.standings import Standing
from cramboard.board.site.words import named
from cramboard.results.words import interval, number, plain


def surprisal(placed: Sequence[Standing], marks: Marks) -> Plot:
    """Plot the recovered bits of one vector against bits per token of the text."""
    shown = _lines(placed)
    rows = [_row(s, marks) for s in shown]
    texts = [
        marks.of(s.result).fields | {"surprisal": s.result.surprisals[record.sample], "bits": record.recovered_bits}
        for s in shown
        for record in s.result.records
        if record.sample in s.result.surprisals
    ]
    words = (
        "If the uncertainty of the text limits a vector, and not its length, harder texts have shorter horizons but "
        "as many bits: a decoder's marks lie on a level line. If the limit were a number of tokens, they would lie on "
        "the thin sloping line. Each faint mark is one text. A decoder's marks are of one submission: of those on the "
        "most tasks, the one that recovers most. Bits per token are those of the decoder without vectors, over the "
        "longest length that was measured."
    )
    return Plot(
        key="surprisal",
        title="Recovered bits against the text's surprisal",
        words=words,
        figure=_draw(rows, texts, [marks.of(s.result) for s in shown]) if shown else None,
        legend=marks.legend(s.result for s in shown),
        headings=("Task", "Decoder", "Submission", "Bits per token", "Recovered bits", "Information gain, bits"),
        rows=tuple(
            (
                plain(s.result.run.task.name),
                plain(s.result.run.decoder.name),
                named(s.submission.spec.name),
                number(row["surprisal"]),
                interval(s.result.summary.measures["recovered_bits"]),
                interval(s.result.summary.measures["gain_bits_per_vector"]),
            )
            for s, row in zip(shown, rows, strict=True)
        ),
    )


def _lines(placed: Sequence[Standing]) -> list[Standing]:
    """Return each decoder's results with one vector, all of one submission, by task.

    A longer search that was run on one task alone would lie above the level line for its steps, not for the text.
    """
    single = [s for s in placed if s.result.run.k == 1 and s.result.surprisals]
    lines = of_one_submission(single, lambda s: (s.result.run.decoder.name,), _weight)
    return sorted((s for line in lines for s in line), key=lambda s: s.result.run.task.name)


def _weight(line: Sequence[Standing]) -> tuple[int, float]:
    return len(line), math.fsum(s.result.summary.measures["recovered_bits"].mean for s in line)


def _row(standing: Standing, marks: Marks) -> dict[str, Any]:
    result = standing.result
    mean = math.fsum(result.surprisals.values()) / len(result.surprisals)
    return marks.of(result).fields | {"surprisal": mean} | ends(result.summary.measures["recovered_bits"])


def _draw(rows: list[dict[str, Any]], texts: list[dict[str, Any]], series: Sequence[Any]) -> Any:
    looks = scales(series)
    found: dict[str, list[float]] = {}
    for text in texts:
        found.setdefault(text["series"], []).append(text["surprisal"])
    lengths = [
        {"series": row["series"], "surprisal": at, "bits": row["mean"] * at / row["surprisal"]}
        for row in rows
        if row["surprisal"] > 0 and row["series"] in found
        for at in (min(found[row["series"]]), max(found[row["series"]]))
    ]

    def layers(desk: bool) -> list[Any]:
        x = x_axis("surprisal:Q", "surprisal of the text, bits per token", desk, zero=False)
        means = chart_of(rows)
        shade = {"color": looks["color"]}
        return [
            chart_of(lengths).mark_line(strokeWidth=0.75, opacity=0.7).encode(
                x=x, y=y_axis("bits:Q", "recovered bits"), **shade
            ),
            chart_of(texts).mark_point(filled=True, opacity=0.5, size=22).encode(
                x=x, y=y_axis("bits:Q", "recovered bits"), **looks
            ),
            means.mark_rule(strokeWidth=1.5).encode(x=x, y=y_axis("low:Q", "recovered bits"), y2="high:Q", **shade),
            means.mark_point(filled=True, opacity=1, size=90).encode(x=x, y="mean:Q", **looks),
        ]  # fmt: skip

    parts = [f"{row['series']}: {number(row['mean'])} bits at {number(row['surprisal'])} bits a token" for row in rows]
    return drawn(layers, "Recovered bits against surprisal per token. " + "; ".join(parts) + ".")
