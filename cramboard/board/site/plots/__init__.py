"""The site's figures: one file a figure, each with its words, its legend and the table of its numbers."""

from collections.abc import Sequence

from cramboard.board.site.plots.accuracy import accuracy
from cramboard.board.site.plots.capacity import capacity
from cramboard.board.site.plots.cost import cost
from cramboard.board.site.plots.hidden import hidden
from cramboard.board.site.plots.plot import Key, Marks, Plot
from cramboard.board.site.plots.stored import stored
from cramboard.board.site.plots.surprisal import surprisal
from cramboard.board.site.plots.vectors import vectors
from cramboard.board.site.standings import Standing
from cramboard.board.site.tables import Sealed, Table

__all__ = ["Key", "Plot", "all_plots", "cost"]


def all_plots(placed: Sequence[Standing], sealed: Sealed, tables: Sequence[Table]) -> list[Plot]:
    """Return the figures of the figures page; the cost is that of the table with the most rows."""
    marks = Marks(standing.result for standing in placed)
    fullest = max(tables, key=lambda table: len(table.rows), default=None)
    return [
        surprisal(placed, marks),
        accuracy(placed, marks),
        vectors(placed, marks),
        capacity(placed),
        *([cost(placed, fullest.task, fullest.decoder)] if fullest else []),
        stored(placed, marks),
        hidden(placed, sealed, marks),
    ]
