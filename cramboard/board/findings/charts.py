"""The findings' figures: the site's own, of the baseline alone, and one of the law in logarithms."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cramboard.board.drawing import Figure
from cramboard.board.figures import standalone
from cramboard.board.findings.law import Law
from cramboard.board.findings.results import Evidence
from cramboard.board.site.plots.capacity import capacity
from cramboard.board.site.plots.plot import Key, Marks, chart_of, drawn, scales, x_axis, y_axis
from cramboard.board.site.plots.stored import stored
from cramboard.board.site.plots.surprisal import surprisal
from cramboard.board.site.plots.vectors import vectors
from cramboard.board.site.standings import standings
from cramboard.results.words import number

_SHADES = {"accent": "teal", "ink": "black", "muted": "grey"}


@dataclass(frozen=True)
class Picture:
    """A figure as a file, what it shows, and what its marks stand for."""

    name: str
    svg: str
    alternative: str
    caption: str

    @property
    def markdown(self) -> str:
        """The figure as a page beside `figures/` shows it."""
        words = self.alternative.replace("[", "(").replace("]", ")")
        return f"![{words}](figures/{self.name})\n\n{self.caption}"


def pictures(evidence: Evidence, found: Sequence[Law]) -> dict[str, Picture]:
    """Return the figures that there is something to draw for, by what they show."""
    if evidence.baseline is None:
        return {}
    placed = standings((evidence.baseline,), evidence.tasks, evidence.rules)
    marks = Marks(standing.result for standing in placed)
    made = [surprisal(placed, marks), vectors(placed, marks), capacity(placed), stored(placed, marks)]
    shown = {
        plot.key: _picture(plot.key, plot.figure, plot.words, plot.legend) for plot in made if plot.figure is not None
    }
    texts = [law for law in found if law.texts]
    if texts:
        legend = marks.legend(result for law in texts for result in law.results)
        words = (
            "Horizon against surprisal per token, both on logarithmic axes; each mark is one text. The line is the "
            "claim (horizon x surprisal is constant), drawn through the middle of a decoder's marks."
        )
        shown["law"] = _picture("law", _law(texts, marks), words, legend)
    return shown


def _picture(key: str, figure: Figure, words: str, legend: Sequence[Key]) -> Picture:
    kinds = "; ".join(f"{one.label}: {_look(one)}" for one in legend)
    return Picture(f"{key}.svg", standalone(figure.wide), figure.alternative, f"{words} {kinds}." if kinds else words)


def _look(key: Key) -> str:
    """Say in words how a mark looks."""
    if key.shape is None:
        return f"{_SHADES[key.shade]}, {'dashed' if key.dashed else 'full'} line"
    return _SHADES[key.shade] if key.shape == "circle" and key.shade != "muted" else key.shape.replace("-", " ")


def _law(found: Sequence[Law], marks: Marks) -> Figure:
    looked = {(law.decoder, r.run.task.name): marks.of(r) for law in found for r in law.results}
    rows = [
        looked[law.decoder, text.task].fields | {"bits": text.surprisal, "horizon": text.horizon}
        for law in found
        for text in law.texts
    ]
    looks = scales(list(looked.values()))
    least, most = min(row["bits"] for row in rows), max(row["bits"] for row in rows)
    low, high = min(row["horizon"] for row in rows), max(row["horizon"] for row in rows)
    lines: list[dict[str, Any]] = []
    for law in found:
        # Where horizon x surprisal is the decoder's geometric mean.
        held = math.exp(math.fsum(math.log(t.horizon * t.surprisal) for t in law.texts) / len(law.texts))
        series = looked[law.decoder, law.texts[0].task].fields
        lines += [series | {"bits": bits, "horizon": held / bits} for bits in (least, most)]

    def layers(desk: bool) -> list[Any]:
        title = "surprisal of the first 256 tokens, bits per token"
        x = x_axis("bits:Q", title, desk, type="log", domain=[least / 1.05, most * 1.05], nice=False)
        y = y_axis("horizon:Q", "horizon, tokens", type="log", base=2, domain=[low / 1.2, high * 1.2], nice=False)
        return [
            chart_of(rows).mark_point(filled=True, opacity=0.5, size=22).encode(x=x, y=y, **looks),
            chart_of(lines).mark_line(strokeWidth=1.25).encode(x=x, y=y, color=looks["color"]),
        ]

    parts = [f"{law.decoder}: {len(law.texts)} texts, {number(_mean(law))} tokens on average" for law in found]
    return drawn(layers, "Horizon against surprisal per token. " + "; ".join(parts) + ".")


def _mean(law: Law) -> float:
    return math.fsum(text.horizon for text in law.texts) / len(law.texts)
