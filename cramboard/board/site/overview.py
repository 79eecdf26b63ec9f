"""The overview: bytes per vector on every task, which compare across decoders and their tokenizers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from cramboard.board.site.cells import EMPTY, Cell, between, mean_cell
from cramboard.board.site.standings import Standing
from cramboard.board.site.words import named
from cramboard.results.costs import COST_CLASSES
from cramboard.results.words import whole


@dataclass(frozen=True)
class OverviewCell:
    """Bytes per vector on one task; `leads` if it is in the first tie group of its kind, k and subset."""

    cell: Cell
    page: str = ""
    leads: bool = False


@dataclass(frozen=True)
class OverviewRow:
    """A submission with one decoder and one k, on every task."""

    name: str
    slug: str
    page: str
    decoder: str
    kind: str
    cost_class: str
    k: int
    cells: tuple[OverviewCell, ...]


@dataclass(frozen=True)
class OverviewGroup:
    """The rows of one k and kind."""

    title: str
    rows: tuple[OverviewRow, ...]


def overview(placed: Sequence[Standing], tasks: Sequence[str]) -> list[OverviewRow]:
    """Return a row for each submission, decoder and k; `placed` ranks by bytes per vector.

    In order of k, kind, and the bytes on the first task, on the next, and so on.
    """
    rows: dict[tuple[str, str, int], dict[str, Standing]] = {}
    for standing in placed:
        run = standing.result.run
        # A protocol's own layout counts another way; it stands in its decoder's table alone.
        if standing.result.own_layout:
            continue
        by_task = rows.setdefault((standing.submission.slug, run.decoder.name, run.k), {})
        known = by_task.get(run.task.name)
        # A result on all samples stands before one on a subset.
        if known is None or len(known.result.run.samples) < len(run.samples):
            by_task[run.task.name] = standing
    ordered = sorted(rows.values(), key=lambda by_task: _order(by_task, tasks))
    return [_row(by_task, tasks) for by_task in ordered]


def overview_groups(rows: Sequence[OverviewRow]) -> list[OverviewGroup]:
    """Put rows in the order of `overview` under a heading for each k and kind."""
    return [
        OverviewGroup(f"{kind.capitalize()} · k = {k}", tuple(group))
        for (k, kind), group in groupby(rows, key=lambda row: (row.k, row.kind))
    ]


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
        kind=first.kind,
        cost_class=COST_CLASSES[max(costs)] if costs else "",
        k=first.result.run.k,
        cells=tuple(_cell(by_task.get(task)) for task in tasks),
    )


def _cell(standing: Standing | None) -> OverviewCell:
    if standing is None:
        return OverviewCell(EMPTY)
    value, run = standing.result.summary.measures["bytes_per_vector"], standing.result.run
    few = f" {whole(len(run.samples))} samples" if run.subset != run.task.name else ""
    cell = replace(mean_cell(value), note=(between(value) + few).strip())
    return OverviewCell(cell, standing.result.page, standing.rank == 1)
