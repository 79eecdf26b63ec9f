"""Tokens per vector against the cost of making the vectors: encoders and optimisation on one front."""

from collections.abc import Sequence
from typing import Any

from cramboard.board.colours import LIGHT
from cramboard.board.facts import seconds
from cramboard.board.site.plots.plot import Key, Plot, chart_of, drawn, round_numbers, x_axis, y_axis
from cramboard.board.site.standings import LOCAL, Standing
from cramboard.board.site.words import named
from cramboard.results.costs import anytime, front
from cramboard.results.words import interval, number

_LOOKS = {"optimised": ("accent", "circle"), "encoder": ("ink", "triangle-up"), "control": ("muted", "diamond"),
          LOCAL: ("accent", "square")}  # fmt: skip
CURVES = 12
POINTS = 300


def cost(placed: Sequence[Standing], task: str, decoder: str) -> Plot:
    """Plot the results of one task and decoder with one vector."""
    shown = [
        s
        for s in placed
        if (s.result.run.task.name, s.result.run.decoder.name) == (task, decoder)
        and s.result.run.k == min(p.result.run.k for p in placed)
        and s.kind in _LOOKS
        and s.result.run.decoder.layout == "anchored"
        and s.seconds
    ]
    shown = sorted(shown, key=lambda s: -s.tokens)[:POINTS]
    return Plot(
        key="cost",
        title=f"Tokens per vector against the cost of making it: {task}, {decoder}",
        words=(
            "Seconds of making one sample's vectors, on the machine that each run names. The stepped line is the "
            "front: nothing that ranks, or was run on this machine, holds more for less. Thin curves show how far an "
            "optimisation had come at any time. What was read in a protocol's own layout counts tokens otherwise, and "
            "is left out."
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
    points = [
        {"kind": s.kind, "seconds": s.seconds, "tokens": s.tokens}
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

        x = x_axis("seconds:Q", "seconds a sample", desk, type="log", nice=False, padding=24)
        spent = [s.seconds or 0.0 for s in shown] + [row["seconds"] for row in curves]
        x = x.axis(alt.Axis(values=round_numbers(min(spent), max(spent), desk), format=",~r", grid=False))
        y = y_axis("tokens:Q", "tokens per vector")
        kinds = list(_LOOKS)
        colour = alt.Scale(domain=kinds, range=[LIGHT[shade] for shade, _ in _LOOKS.values()])
        shape = alt.Scale(domain=kinds, range=[shape for _, shape in _LOOKS.values()])
        base = chart_of(points).encode(x=x, color=alt.Color("kind:N", scale=colour, legend=None))
        lines = [
            chart_of(curves).mark_line(color=LIGHT["accent"], strokeWidth=1, opacity=0.45)
            .encode(x=x, y=y, detail="run:N")
        ] if curves else []  # fmt: skip
        return [
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
