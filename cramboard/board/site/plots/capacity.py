"""Theoretical capacity, coder bound and what is reached, by task and decoder."""

import math
from collections.abc import Sequence
from typing import Any

from cramboard.board.colours import LIGHT
from cramboard.board.drawing import WIDE, both, sized
from cramboard.board.site.entries import Result
from cramboard.board.site.plots.plot import Key, Plot, best, chart_of, round_numbers
from cramboard.board.site.standings import Standing
from cramboard.results.words import interval, plain, whole

_KINDS = {
    "reached": ("accent", "circle"),
    "coder bound": ("ink", "diamond"),
    "theoretical capacity": ("muted", "square"),
}


def capacity(placed: Sequence[Standing]) -> Plot:
    """Plot, for one vector, the tokens reached beside those that could be."""
    shown = [s.result for s in best(placed) if s.result.run.k == 1]
    return Plot(
        key="capacity",
        title="Tokens reached, and the limits",
        words=(
            "Theoretical capacity (Kuratov et al.) is the bits of the vector's numbers, at 16 bits each, divided by "
            "the bits of one token drawn uniformly from the vocabulary; text is easier than that. The coder bound is "
            "how many tokens of these texts an ideal entropy coder with the same decoder would fit into the stored "
            "bits (those of the dtype in which the vectors are stored; float32 has 32 per number). ≥ marks tasks "
            "where a text ended first."
        ),
        figure=_figure(shown) if shown else None,
        legend=tuple(Key(name, shade, shape) for name, (shade, shape) in _KINDS.items()),
        headings=("Task", "Decoder", "Reached, tokens", "Coder bound", "Theoretical capacity"),
        rows=tuple(
            (
                plain(r.run.task.name),
                plain(r.run.decoder.name),
                interval(r.summary.measures["tokens_per_vector"], r.run.k),
                coder_words(coder_bound(r)),
                "" if (tokens := theoretical_capacity(r)) is None else whole(round(tokens)),
            )
            for r in shown
        ),
    )


def theoretical_capacity(result: Result) -> float | None:
    """Return `16 k d / log2|V|`: token gain over utilisation, at the length where they are largest."""
    pairs = [
        (measures["token_gain"].mean, measures["utilisation"].mean)
        for measures in result.summary.lengths.values()
        if {"token_gain", "utilisation"} <= measures.keys()
    ]
    gain, used = max(pairs, default=(0.0, 0.0))
    return gain / used if gain > 0 and used > 0 else None


def coder_bound(result: Result) -> tuple[float, bool] | None:
    """Return the mean coder bound in tokens, and whether some text was too short to reach it."""
    if not result.records:
        return None
    bounds = [record.tokens if record.coder_bound is None else record.coder_bound for record in result.records]
    return math.fsum(bounds) / len(bounds), any(record.coder_bound is None for record in result.records)


def coder_words(bound: tuple[float, bool] | None, k: int = 1) -> str:
    """Write a coder bound, per vector: '≥ 2,048' where some text ended before it."""
    return "" if bound is None else ("≥ " if bound[1] else "") + whole(round(bound[0] / k))


def _figure(shown: Sequence[Result]) -> Any:
    rows: list[dict[str, Any]] = []
    for at, result in enumerate(shown):
        reached = result.summary.measures["tokens_per_vector"].mean * result.run.k
        bound, most = coder_bound(result), theoretical_capacity(result)
        values = {"reached": reached, "coder bound": bound[0] if bound else None, "theoretical capacity": most}
        said = {"coder bound": coder_words(bound)}
        held = result.summary.measures["tokens_per_vector"]
        ends = {"low": max(held.low * result.run.k, 1.0), "high": max(held.high * result.run.k, 1.0)}
        names = {"task": plain(result.run.task.name, 40), "decoder": plain(result.run.decoder.name, 40)}
        rows += [
            {"row": at, "kind": kind, "tokens": max(v, 1.0), "said": said.get(kind) or whole(round(v))} | names | ends
            for kind, v in values.items()
            if v is not None
        ]

    def draw(width: int) -> Any:
        import altair as alt

        height = 52 if width == WIDE else 58
        low, high = min(row["tokens"] for row in rows) / 1.3, max(row["tokens"] for row in rows) * 1.3
        x = alt.X(
            "tokens:Q",
            title="tokens in one vector",
            scale=alt.Scale(type="log", domain=[low, high], nice=False),
            axis=alt.Axis(values=round_numbers(low, high, width == WIDE), format=",~r", grid=False),
        )
        y = alt.Y("row:Q", axis=None, scale=alt.Scale(domain=[len(shown) - 0.4, -0.6], nice=False))
        colours = alt.Scale(domain=list(_KINDS), range=[LIGHT[shade] for shade, _ in _KINDS.values()])
        shapes = alt.Scale(domain=list(_KINDS), range=[shape for _, shape in _KINDS.values()])
        base = chart_of(rows)
        label = base.transform_filter("datum.kind == 'reached'").encode(y=y, x=alt.value(0))
        layers: list[Any] = [
            base.mark_line(color=LIGHT["line"], strokeWidth=3).encode(x=x, y=y, detail="row:N"),
            base.transform_filter("datum.kind == 'reached'")
            .mark_rule(color=LIGHT["accent"], strokeWidth=5, opacity=0.4).encode(x=alt.X("low:Q"), x2="high:Q", y=y),
            base.mark_text(dy=17, fontSize=11, color=LIGHT["ink"]).encode(x=x, y=y, text="said:N"),
            base.mark_point(filled=True, opacity=1, size=90).encode(
                x=x, y=y,
                color=alt.Color("kind:N", scale=colours, legend=None),
                shape=alt.Shape("kind:N", scale=shapes, legend=None),
            ),
        ]  # fmt: skip
        if width == WIDE:
            layers.append(
                label.mark_text(align="right", x=-12, dy=-7, fontSize=12, color=LIGHT["ink"]).encode(text="task:N")
            )
            layers.append(
                label.mark_text(align="right", x=-12, dy=8, fontSize=11, color=LIGHT["muted"]).encode(text="decoder:N")
            )
        else:
            both_names = label.transform_calculate(name="datum.task + ', ' + datum.decoder")
            layers.append(
                both_names.mark_text(align="left", dy=-15, fontSize=11, color=LIGHT["ink"]).encode(text="name:N")
            )
        return sized(alt.layer(*layers), width, height * len(shown), left=210 if width == WIDE else 14, top=18)

    parts = [f"{row['task']}, {row['decoder']}, {row['kind']}: {row['said']} tokens" for row in rows]
    return both(draw, "Tokens in one vector. " + "; ".join(parts) + ".")
