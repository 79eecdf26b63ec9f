"""The table of one task and decoder: a group of rows for each k, kind, cost class and subset, best first."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from cramboard.board.site import gapwords
from cramboard.board.site.cells import Cell, Column, drawn_cell, mean_cell, seconds_cell
from cramboard.board.site.entries import Result, Submission, path_name
from cramboard.board.site.gapwords import gap_cell, sealed_cell
from cramboard.board.site.standings import Standing
from cramboard.board.site.words import named
from cramboard.results.words import number, plain, whole

COLUMNS = (
    Column("kind", "Kind", "Optimised, encoder (with its cost class) and uploaded vectors rank apart", numeric=False),
    Column("k", "k", "Vectors per sample"),
    Column("tokens", "Tokens per vector", "Horizon / k: the tokens recovered exactly, with the 95% interval"),
    Column("bytes", "Bytes per vector", "UTF-8 bytes of that text per vector; comparable across tokenizers"),
    Column(
        "bits",
        "Recovered bits",
        "Surprisal of that text without vectors, at random tasks at most the source entropy, per sample",
    ),
    Column("density", "Density", "Recovered bits per number in the vectors"),
    Column("gain", "Information gain", "Bits per vector by which the cross-entropy up to the horizon falls"),
    Column("control", "Control's gain", "The constant control's information gain up to there, bits per vector"),
    Column("coder", "Coder efficiency", "Recovered bits / stored bits; an ideal entropy coder reaches 100%"),
    Column("correct", "Correct", "Share of the first tokens whose argmax is right under teacher forcing"),
    Column("cost", "Cost", "Seconds to make the vectors of one sample"),
    Column(
        "dtype",
        "Coarsest dtype",
        "The coarsest of float32, bfloat16, int8, int4 in which every sample keeps its horizon",
        False,
    ),
    Column("sealed", "Sealed", "Tokens per vector on a sealed set of the task, which nobody could prepare for"),
    Column("gap", "Public/sealed gap", "How far it falls behind cramming on sealed samples: a factor, 1 is no gap"),
    Column(
        "verified",
        "Verified",
        "Every row is measured by verify from the stored bytes; confirmed: a later verification found the same",
    ),
    Column("date", "Date", "When the run started", numeric=False),
)

# More of them would not be read, and a hostile file has thousands.
_DEVICES = 4
NO_RANK = "\N{EN DASH}"

Sealed = Mapping[str, Result]
"""Results on sealed sets by their likeness to public ones; of several sets the newest run."""


@dataclass(frozen=True)
class Row:
    """One result, ready for the template."""

    rank: str
    rank_title: str
    name: str
    slug: str
    page: str
    flags: tuple[str, ...]
    kind: str
    cost_class: str
    k: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Group:
    """Rows that rank among each other, under one heading."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Table:
    """A table for one task and decoder, with the columns that a row of it has something in."""

    task: str
    version: str
    decoder: str
    length: int | None
    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    leader: Standing | None

    @property
    def page(self) -> str:
        """The path of its page in the site."""
        return table_page(self.task, self.decoder)

    @property
    def rows(self) -> list[Row]:
        """All rows."""
        return [row for group in self.groups for row in group.rows]


def table_page(task: str, decoder: str) -> str:
    """Return the path of a table's page."""
    return f"board/{task}/{path_name(decoder)}.html"


def tables(placed: Sequence[Standing], sealed: Sealed) -> list[Table]:
    """Return a table for each task and decoder that has a result, in alphabetical order."""
    keys = sorted({(s.result.run.task.name, s.result.run.decoder.name) for s in placed})
    return [_table(task, decoder, placed, sealed) for task, decoder in keys]


def sealed_twins(submissions: Iterable[Submission]) -> Sealed:
    """Return every sealed result that has no newer one like it."""
    results = [result for submission in submissions for result in submission.results if result.sealed]
    return {result.likeness: result for result in sorted(results, key=lambda r: (r.run.started, r.page))}


def _table(task: str, decoder: str, placed: Sequence[Standing], sealed: Sealed) -> Table:
    mine = [s for s in placed if (s.result.run.task.name, s.result.run.decoder.name) == (task, decoder)]
    largest = max(s.result.summary.measures["tokens_per_vector"].high for s in mine)
    length = _length(mine)
    groups: dict[tuple[int, int, bool, int, str], list[Standing]] = {}
    for standing in mine:
        groups.setdefault(standing.group, []).append(standing)
    ranked = [s for s in mine if s.rank == 1 and s.kind == "optimised"]
    made = [
        Group(_title(rows[0]), tuple(_row(row, largest, length, sealed) for row in rows))
        for _, rows in sorted(groups.items())
    ]
    filled = [at for at in range(len(COLUMNS)) if any(row.cells[at].text for group in made for row in group.rows)]
    return Table(
        task=task,
        version=mine[0].result.run.task.version,
        decoder=decoder,
        length=length,
        columns=tuple(COLUMNS[at] for at in filled),
        groups=tuple(replace(group, rows=tuple(_only(row, filled) for row in group.rows)) for group in made),
        leader=max(ranked, key=lambda s: (-s.result.run.k, len(s.result.run.samples), s.tokens), default=None),
    )


def _only(row: Row, columns: Sequence[int]) -> Row:
    """Leave out the cells of columns that no row of the table has anything in."""
    return replace(row, cells=tuple(row.cells[at] for at in columns))


def _length(mine: Sequence[Standing]) -> int | None:
    """Choose the fixed length at which accuracy is shown: the shortest past what the fewest vectors hold on average.

    Past the horizon vectors disturb the decoder: at the length that many vectors hold, one would stand below none.
    """
    lengths = sorted({length for s in mine for length in s.result.summary.lengths})
    fewest = min(s.result.run.k for s in mine)
    horizon = max(s.tokens * fewest for s in mine if s.result.run.k == fewest)
    return next((length for length in lengths if length >= horizon), lengths[-1] if lengths else None)


def _title(standing: Standing) -> str:
    run = standing.result.run
    kind = standing.kind.capitalize() + (f", {standing.cost_class} a sample" if standing.cost_class else "")
    samples = f"{whole(len(run.samples))} samples" if len(run.samples) > 1 else "1 sample"
    apart = ", in its protocol's own layout: no rank" if standing.result.own_layout else ""
    return f"{kind}{apart} · k = {run.k} · {samples}"


def _row(standing: Standing, largest: float, length: int | None, sealed: Sealed) -> Row:
    result, spec = standing.result, standing.submission.spec
    rank, why = rank_words(standing)
    return Row(
        rank=rank,
        rank_title=why,
        name=named(spec.name),
        slug=standing.submission.slug,
        page=result.page,
        flags=(*_flags(standing), *gapwords.flags(sealed.get(result.likeness))),
        kind=standing.kind,
        cost_class=standing.cost_class or "",
        k=result.run.k,
        cells=_cells(standing, largest, length, sealed.get(result.likeness)),
    )


def rank_words(standing: Standing) -> tuple[str, str]:
    """Write a rank ('2=' for a tie) and what it means."""
    if standing.rank is None:
        return NO_RANK, f"not ranked: {standing.unranked}"
    if standing.tied:
        return f"{standing.rank}=", "no significant difference to the leader of this tie group"
    return str(standing.rank), ""


def _flags(standing: Standing) -> tuple[str, ...]:
    run, summary = standing.result.run, standing.result.summary
    missing = len({failure.sample for failure in summary.failures})
    return tuple(
        words
        for words, holds in (
            (f"{run.decoder.layout} layout", standing.result.own_layout),
            (f"suffix of {len(run.decoder.suffix)}", bool(run.decoder.suffix)),
            ("made without the sandbox", run.isolation == "none"),
            (f"{missing} of {summary.samples} missing, counted 0", missing > 0),
            ("not confirmed by a later verification", bool(standing.result.disputes)),
        )
        if holds
    )


def _cells(standing: Standing, largest: float, length: int | None, twin: Result | None) -> tuple[Cell, ...]:
    result = standing.result
    summary = result.summary
    measures = summary.measures
    at = summary.lengths.get(length, {}) if length else {}
    return (
        Cell(standing.kind),
        Cell(str(result.run.k), float(result.run.k)),
        tokens_cell(result, largest),
        mean_cell(measures.get("bytes_per_vector")),
        mean_cell(measures["recovered_bits"]),
        mean_cell(measures["density"]),
        mean_cell(measures["gain_bits_per_vector"]),
        mean_cell(measures["control_gain_bits_per_vector"]),
        mean_cell(measures["coder_efficiency"], 100, "%"),
        mean_cell(at.get("accuracy"), 100, "%"),
        seconds_cell(standing.seconds),
        Cell(result.coarsest or "" if standing.tokens else ""),
        sealed_cell(twin),
        gap_cell(twin),
        verified_cell(result),
        Cell(date(result.run.started)),
    )


def tokens_cell(result: Result, largest: float) -> Cell:
    """Return the headline's cell; where nothing foretells the first token, with what is counted from the second."""
    cell = drawn_cell(result.summary.measures["tokens_per_vector"], largest)
    if result.after_first is None:
        return cell
    return replace(cell, note="; ".join(filter(None, (cell.note, f"{number(result.after_first)} from the 2nd token"))))


def verified_cell(result: Result) -> Cell:
    """Say how often a result was confirmed."""
    count = len(result.confirmations)
    devices = sorted({plain(line.device, 30) for line in result.confirmations})
    where = ", ".join(devices[:_DEVICES]) + (" and others" if len(devices) > _DEVICES else "")
    if result.disputes:
        return Cell("disputed", -1, "a later verification did not confirm every sample")
    if count:
        what = "every measure" if result.confirmed_whole else "every horizon, and no other measure,"
        words = f"{what} confirmed by {count} later verification{'s' if count > 1 else ''}, on {where}"
        times = "" if count == 1 else f", {count} times"
        return Cell("✓ confirmed", float(count), words, note=("all" if result.confirmed_whole else "horizons") + times)
    return Cell("✓ measured", 0, "measured by verify when it was made; no later verification yet")


def date(started: str) -> str:
    """Return the day of a time stamp, or nothing if it is none."""
    found = re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", started)
    return found[0] if found else ""
