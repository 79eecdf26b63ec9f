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
    """The leader of a table: its tokens per vector (empty if nothing ranks), and the way to the table.

    `between` is the interval, `drawn` both on a line that ends at the theoretical capacity, `share` how much of that is
    reached, `coder` what an ideal entropy coder would put into the stored bits, `whose` which method with how many
    vectors and samples.
    """

    task: str
    page: str
    tokens: str = ""
    between: str = ""
    drawn: Markup | None = None
    share: str = ""
    coder: str = ""
    whose: str = ""


@dataclass(frozen=True)
class Front:
    """The front page's numbers.

    Attributes:
        decoders: For each decoder its name, the tokens per vector of its theoretical capacity (empty if not known), and
            for each task the leader, or the task's name where there is no result.
        whose: What `Leader.whose` says of all of them, or empty if they differ.
    """

    decoders: tuple[tuple[str, str, tuple[Leader | str, ...]], ...]
    whose: str


def front(board: Sequence[Table]) -> Front:
    """Return the leaders of all tables, by decoder and task."""
    by_place = {(table.decoder, table.task): table for table in board}
    tasks = sorted({table.task for table in board})
    decoders = []
    for decoder in sorted({table.decoder for table in board}):
        tables = [by_place.get((decoder, task)) for task in tasks]
        leaders = tuple(task if table is None else _leader(table) for task, table in zip(tasks, tables, strict=True))
        capacities = [most for table in tables if table is not None and (most := _capacity(table)) is not None]
        decoders.append((decoder, whole(round(capacities[0])) if capacities else "", leaders))
    whose = {one.whose for _, _, row in decoders for one in row if isinstance(one, Leader) and one.whose}
    return Front(tuple(decoders), whose.pop() if len(whose) == 1 else "")


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
