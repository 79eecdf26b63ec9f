"""Tokens per vector against the cost of making the vectors: encoders and optimisation on one front."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from cramboard.board.colours import LIGHT
from cramboard.board.drawing import NARROW, RIGHT, WIDE
from cramboard.board.facts import seconds
from cramboard.board.site.plots.labels import FONT, SIDES, Spot, sides
from cramboard.board.site.plots.plot import HEIGHT, LEFT, Key, Plot, chart_of, drawn, round_numbers, x_axis, y_axis
from cramboard.board.site.standings import LOCAL, Standing
from cramboard.board.site.words import named
from cramboard.results.costs import anytime, front
from cramboard.results.words import interval, number

_LOOKS = {"optimised": ("accent", "circle"), "encoder": ("ink", "triangle-up"), "control": ("muted", "diamond"),
          LOCAL: ("accent", "square")}  # fmt: skip
CURVES = 12
# How far a desk's axis goes on past the dearest mark, so that a name fits beside it.
ROOM = 4.5
POINTS = 300


def cost(placed: Sequence[Standing], task: str, decoder: str) -> Plot:
    """Plot one task's and decoder's results with the fewest vectors that any result, of any task, has."""
    fewest = min((s.result.run.k for s in placed), default=0)
    shown = [
        s
        for s in placed
        if (s.result.run.task.name, s.result.run.decoder.name) == (task, decoder)
        and s.result.run.k == fewest
        and s.kind in _LOOKS
        and not s.result.own_layout
        and s.seconds
    ]
    shown = sorted(shown, key=lambda s: -s.tokens)[:POINTS]
    return Plot(
        key="cost",
        title=f"Tokens per vector against the cost of making it: {task}, {decoder}",
        words=(
            "Seconds to make one sample's vectors, on the machine that each run names. The stepped line is the Pareto "
            "front of finished results: none that ranks, or was run on this machine, holds more in less time. Thin "
            "curves show how far an optimisation had come at any time, certified in float32. Names are folders of "
            "the submissions. Protocols in their own layout count tokens differently, and are left out."
        ),
        figure=_draw(shown) if shown else None,
        legend=(
            *(Key(kind, *look) for kind, look in _LOOKS.items() if any(s.kind == kind for s in shown)),
            Key("front", "ink", None, True),
        ),
        headings=("Submission", "Kind", "Seconds a sample", "Tokens per vector", "Device"),
        rows=tuple(
            (
                named(s.submission.spec.name),
                s.kind,
                seconds(s.seconds or 0.0),
                interval(s.result.summary.measures["tokens_per_vector"]),
                named(s.result.run.provenance.device),
            )
            for s in shown
        ),
    )


def _draw(shown: Sequence[Standing]) -> Any:
    points: list[dict[str, Any]] = [
        {"kind": s.kind, "seconds": s.seconds, "tokens": s.tokens, "name": s.submission.slug}
        | {"low": s.result.summary.measures["tokens_per_vector"].low}
        | {"high": s.result.summary.measures["tokens_per_vector"].high}
        for s in shown
    ]
    curves = [
        {"run": number_, "seconds": moment.seconds, "tokens": moment.mean_horizon / s.result.run.k}
        for number_, s in enumerate(shown[:CURVES])
        for moment in anytime(s.result.run.units)
        if moment.seconds > 0
    ]
    best = front([(s.seconds or 0.0, s.tokens) for s in shown if s.rank is not None or s.kind == LOCAL])
    edge = [{"seconds": spent, "tokens": tokens} for spent, tokens in best]

    def layers(desk: bool) -> list[Any]:
        import altair as alt

        spent = [s.seconds or 0.0 for s in shown] + [row["seconds"] for row in curves]
        low, high = min(spent) / 1.25, max(spent) * (ROOM if desk else 1.25)
        most = max(max(row["high"] for row in points), max((row["tokens"] for row in curves), default=0.0)) * 1.1 or 1.0
        x = x_axis("seconds:Q", "seconds a sample", desk, type="log", nice=False, domain=[low, high])
        x = x.axis(alt.Axis(values=round_numbers(min(spent), max(spent), desk), format=",~r", grid=False))
        y = y_axis("tokens:Q", "tokens per vector", nice=False, domain=[0, most])
        kinds = list(_LOOKS)
        colour = alt.Scale(domain=kinds, range=[LIGHT[shade] for shade, _ in _LOOKS.values()])
        shape = alt.Scale(domain=kinds, range=[shape for _, shape in _LOOKS.values()])
        base = chart_of(points).encode(x=x, color=alt.Color("kind:N", scale=colour, legend=None))
        lines = [
            chart_of(curves).mark_line(color=LIGHT["accent"], strokeWidth=1.25, opacity=0.7)
            .encode(x=x, y=y, detail="run:N")
        ] if curves else []  # fmt: skip
        wide = (WIDE if desk else NARROW) - LEFT - RIGHT

        def place(row: dict[str, Any]) -> tuple[float, float]:
            along = math.log(row["seconds"] / low) / math.log(high / low)
            return wide * along, HEIGHT * (1 - row["tokens"] / most)

        steps = [(*place(a), *place(b)) for a, b in pairwise(edge)]
        lines_of = [box for x1, y1, x2, y2 in steps for box in ((x1, y1 - 1, x2, y1 + 1), (x2 - 1, y2, x2 + 1, y1))]
        spots = [Spot(*place(row), row["name"]) for row in points]
        stands = sides(spots, wide, HEIGHT, lines_of)
        beside = [row | {"side": side} for row, side in zip(points, stands, strict=True)]
        names = [
            chart_of([row for row in beside if row["side"] == side])
            .mark_text(fontSize=FONT, color=LIGHT["ink"], **look)
            .encode(x=x, y=y, text="name:N")
            for side, look in SIDES.items()
            if any(row["side"] == side for row in beside)
        ]
        return [
            *names,
            *lines,
            chart_of(edge).mark_line(color=LIGHT["ink"], strokeDash=[5, 4], strokeWidth=1.25, interpolate="step-after")
            .encode(x=x, y=y),
            base.mark_rule(strokeWidth=1.25).encode(y=y_axis("low:Q", "tokens per vector"), y2="high:Q"),
            base.mark_point(filled=True, opacity=1, size=70).encode(
                y=y, shape=alt.Shape("kind:N", scale=shape, legend=None)
            ),
        ]  # fmt: skip

    parts = [f"{number(tokens)} tokens for {seconds(spent)}" for spent, tokens in best]
    return drawn(layers, f"Tokens per vector against seconds of {len(points)} results. The front: {'; '.join(parts)}.")
