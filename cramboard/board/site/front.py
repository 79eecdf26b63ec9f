"""The front page's numbers: for each decoder and task what the leader holds, how sure it is, and of what limit."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from cramboard.board.site.cells import between, mean_cell, track
from cramboard.board.site.plots.capacity import coder_bound, coder_words, theoretical_capacity
from cramboard.board.site.tables import Table
from cramboard.board.site.words import named
from cramboard.results.words import number, whole


@dataclass(frozen=True)
class Leader:
    """What leads on a task: its tokens per vector (empty if nothing ranks), and the way to the table, if there is one.

    `between` is the interval, `drawn` both on a line that ends at the theoretical capacity, `share` how much of that is
    reached, `coder` what an ideal entropy coder would put into the stored bits, `whose` which method with how many
    vectors and samples.
    """

    task: str
    page: str = ""
    tokens: str = ""
    between: str = ""
    drawn: Markup | None = None
    share: str = ""
    coder: str = ""
    whose: str = ""


@dataclass(frozen=True)
class Row:
    """A decoder: its theoretical capacity in tokens per vector (empty if not known), and what leads on each task."""

    decoder: str
    capacity: str
    leaders: tuple[Leader, ...]


@dataclass(frozen=True)
class Front:
    """The front page's numbers; `whose` is what all leaders' `whose` says, or empty if they differ."""

    rows: tuple[Row, ...]
    whose: str


def front(board: Sequence[Table]) -> Front:
    """Return the leaders of all tables, by decoder and task."""
    tasks = sorted({table.task for table in board})
    rows = tuple(
        _row(decoder, {table.task: table for table in board if table.decoder == decoder}, tasks)
        for decoder in sorted({table.decoder for table in board})
    )
    whose = {leader.whose for row in rows for leader in row.leaders if leader.whose}
    return Front(rows, whose.pop() if len(whose) == 1 else "")


def _row(decoder: str, by_task: dict[str, Table], tasks: Sequence[str]) -> Row:
    leaders = tuple(_leader(by_task[task]) if task in by_task else Leader(task) for task in tasks)
    # It is the decoder's own: any leader's says it.
    capacity = next((most for table in by_task.values() if (most := _capacity(table))), None)
    return Row(decoder, whole(round(capacity)) if capacity else "", leaders)


def _leader(table: Table) -> Leader:
    if table.leader is None:
        return Leader(table.task, table.page)
    result = table.leader.result
    value, run, most = result.summary.measures["tokens_per_vector"], result.run, _capacity(table)
    return Leader(
        task=table.task,
        page=table.page,
        tokens=mean_cell(value).text,
        between=between(value),
        drawn=track(value, most) if most else None,
        share=f"{number(100 * value.mean / most)}%" if most else "",
        coder=coder_words(coder_bound(result), run.k),
        whose=f"{named(table.leader.submission.spec.name)}, k = {run.k}, {whole(len(run.samples))} samples",
    )


def _capacity(table: Table) -> float | None:
    """Return the theoretical capacity of one of the leader's vectors, in tokens."""
    if table.leader is None:
        return None
    most = theoretical_capacity(table.leader.result)
    return most / table.leader.result.run.k if most else None
