"""The overview: bytes per vector on every task, which compare across decoders and their tokenizers."""

from collections.abc import Sequence
from dataclasses import dataclass

from cramboard.board.site.cells import EMPTY, Cell, mean_cell
from cramboard.board.site.standings import Standing
from cramboard.board.site.tables import Table
from cramboard.board.site.words import named
from cramboard.results.costs import COST_CLASSES


@dataclass(frozen=True)
class OverviewCell:
    """Bytes per vector on one task; `leads` if it is in the first tie group of its kind, k and subset."""

    cell: Cell
    page: str = ""
    leads: bool = False


@dataclass(frozen=True)
class OverviewRow:
    """A submission with one decoder and one k, on every task; `layout` is empty for the anchored one, which ranks."""

    name: str
    slug: str
    page: str
    decoder: str
    layout: str
    kind: str
    cost_class: str
    k: int
    cells: tuple[OverviewCell, ...]


@dataclass(frozen=True)
class Link:
    """A cell of the map of tables: the leader's tokens per vector (empty without one), and the way to the table."""

    page: str
    tokens: str
    leader: str


def overview(placed: Sequence[Standing], tasks: Sequence[str]) -> list[OverviewRow]:
    """Return a row for each submission, decoder and k; `placed` ranks by bytes per vector.

    In order of k, kind, and the bytes on the first task, on the next, and so on.
    """
    rows: dict[tuple[str, str, int], dict[str, Standing]] = {}
    for standing in placed:
        run = standing.result.run
        by_task = rows.setdefault((standing.submission.slug, run.decoder.name, run.k), {})
        known = by_task.get(run.task.name)
        # A result on all samples stands before one on a subset.
        if known is None or len(known.result.run.samples) < len(run.samples):
            by_task[run.task.name] = standing
    ordered = sorted(rows.values(), key=lambda by_task: _order(by_task, tasks))
    return [_row(by_task, tasks) for by_task in ordered]


def _order(by_task: dict[str, Standing], tasks: Sequence[str]) -> tuple[object, ...]:
    first = next(iter(by_task.values()))
    held = [-_bytes(by_task[task]) if task in by_task else 1.0 for task in tasks]
    return (*first.group[:2], held, first.submission.slug)


def _bytes(standing: Standing) -> float:
    return standing.result.summary.measures["bytes_per_vector"].mean


def _row(by_task: dict[str, Standing], tasks: Sequence[str]) -> OverviewRow:
    first = next(iter(by_task.values()))
    costs = [COST_CLASSES.index(s.cost_class) for s in by_task.values() if s.cost_class]
    return OverviewRow(
        name=named(first.submission.spec.name),
        slug=first.submission.slug,
        page=first.submission.page,
        decoder=first.result.run.decoder.name,
        layout="" if (layout := first.result.run.decoder.layout) == "anchored" else layout,
        kind=first.kind,
        cost_class=COST_CLASSES[max(costs)] if costs else "",
        k=first.result.run.k,
        cells=tuple(_cell(by_task.get(task)) for task in tasks),
    )


def _cell(standing: Standing | None) -> OverviewCell:
    if standing is None:
        return OverviewCell(EMPTY)
    cell = mean_cell(standing.result.summary.measures["bytes_per_vector"])
    return OverviewCell(cell, standing.result.page, standing.rank == 1)


def table_map(all_tables: Sequence[Table]) -> tuple[list[str], list[tuple[str, list[Link | None]]]]:
    """Return the decoders (columns), and for each task a row of links to its tables."""
    decoders = sorted({table.decoder for table in all_tables})
    by_place = {(table.task, table.decoder): table for table in all_tables}
    tasks = sorted({table.task for table in all_tables})
    return decoders, [(task, [_link(by_place.get((task, decoder))) for decoder in decoders]) for task in tasks]


def _link(table: Table | None) -> Link | None:
    if table is None:
        return None
    if table.leader is None:
        return Link(table.page, "", "")
    tokens = mean_cell(table.leader.result.summary.measures["tokens_per_vector"]).text
    return Link(table.page, tokens, f"k = {table.leader.result.run.k}, {named(table.leader.submission.spec.name)}")
