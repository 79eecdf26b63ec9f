"""The pages of samples: one text, and how far each submission got in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from cramboard.board.passage import Passage, State, passage, state_of
from cramboard.board.sample import OUTCOMES, outcome
from cramboard.board.site.details import sample_page
from cramboard.board.site.read import Tasks, read_records
from cramboard.board.site.standings import Standing
from cramboard.board.site.texts import shown_texts
from cramboard.board.site.words import named
from cramboard.results.words import number, plain, whole
from cramboard.schema import ManifestLine, SampleRecord

PASSAGES = 4
"""How many results of a task are shown with their passages: the leaders of each decoder and kind."""
LISTED = 200
"""How many results a sample's page lists; results.parquet has all."""
BEYOND = 12
"""How many tokens of the chart of bits lie past the first failure."""


@dataclass(frozen=True)
class Line:
    """One result on a sample."""

    name: str
    page: str
    decoder: str
    kind: str
    k: int
    horizon: str
    per_vector: str
    bits: str
    outcome: str


@dataclass(frozen=True)
class Reading:
    """One result's passage on a sample, with its bits per token drawn."""

    anchor: str
    title: str
    page: str
    decoder: str
    k: int
    horizon: str
    outcome: str
    passage: Passage
    bits: Markup
    bits_words: str


@dataclass(frozen=True)
class SampleView:
    """A sample's page, every value text."""

    id: str
    task: str
    page: str
    author: str
    date: str
    origin: str
    licence: str
    has_text: bool
    readings: list[Reading]
    lines: list[Line]
    results: int


def chosen(placed: Sequence[Standing]) -> list[Standing]:
    """Choose whose passages are shown: local runs, then the leaders of each decoder and kind, fewest vectors first."""
    ranking = sorted(
        placed,
        key=lambda s: (not s.submission.local, s.kind == "control", s.result.run.k, s.rank or 10**6, -s.tokens),
    )
    seen: set[tuple[str, str]] = set()
    first: list[Standing] = []
    for standing in ranking:
        key = (standing.result.run.decoder.name, standing.kind)
        if key not in seen:
            seen.add(key)
            first.append(standing)
    return first[:PASSAGES]


def sample_views(task: str, placed: Sequence[Standing], tasks: Tasks) -> list[SampleView]:
    """Return a view for each sample of `task` that a result of today's version is about."""
    definition = tasks.named(task)
    mine = [s for s in placed if s.result.run.task == definition.ref]
    covered = {sample for s in mine for sample in s.result.run.samples}
    lines = sorted((line for line in definition.lines if line.id in covered), key=lambda line: line.id)
    texts = shown_texts(tasks, task, [line.id for line in lines])
    shown = chosen(mine)
    marked = [(s, {r.sample: r for r in read_records(Path(s.result.folder))}) for s in shown]
    rows: dict[str, list[tuple[Standing, SampleRecord]]] = {}
    for standing in mine:
        for record in standing.result.records:
            rows.setdefault(record.sample, []).append((standing, record))
    return [_view(line, definition.spec.licence, texts, marked, rows.get(line.id, []), task) for line in lines]


def _view(
    line: ManifestLine,
    licence: str,
    texts: Mapping[str, str],
    marked: Sequence[tuple[Standing, Mapping[str, SampleRecord]]],
    rows: list[tuple[Standing, SampleRecord]],
    task: str,
) -> SampleView:
    # Tokens of different decoders do not compare, and a protocol's own layout counts them another way.
    rows = sorted(
        rows,
        key=lambda row: (
            row[0].result.run.decoder.name, row[0].result.own_layout, -row[1].horizon / row[0].result.run.k,
            row[0].submission.slug,
        ),
    )  # fmt: skip
    return SampleView(
        id=line.id,
        task=task,
        page=sample_page(task, line.id),
        author=plain(line.author, 80),
        date=plain(line.date, 40),
        origin=plain(line.origin),
        licence=plain(licence, 400),
        has_text=line.id in texts,
        readings=[
            _reading(position, standing, records[line.id], texts.get(line.id))
            for position, (standing, records) in enumerate(marked, 1)
            if line.id in records
        ],
        lines=[_line(standing, record) for standing, record in rows[:LISTED]],
        results=len(rows),
    )


def _line(standing: Standing, record: SampleRecord) -> Line:
    k = standing.result.run.k
    sign = "≥ " if record.censored else ""
    return Line(
        name=named(standing.submission.spec.name),
        page=standing.result.page,
        decoder=standing.result.run.decoder.name,
        kind=f"{standing.result.run.decoder.layout} layout" if standing.result.own_layout else standing.kind,
        k=k,
        horizon=f"{sign}{whole(record.horizon)}",
        per_vector=f"{sign}{number(record.horizon / k)}",
        bits=f"{sign}{number(record.recovered_bits)}",
        outcome=OUTCOMES[outcome(record)],
    )


def _reading(position: int, standing: Standing, record: SampleRecord, text: str | None) -> Reading:
    bits = record.marks.bits[: record.horizon + BEYOND]
    held = bits[: record.horizon]
    mean = f"{number(sum(held) / len(held))} bits on average up to the first failure, " if held else ""
    return Reading(
        anchor=f"reading-{position}",
        title=named(standing.submission.spec.name),
        page=standing.result.page,
        decoder=standing.result.run.decoder.name,
        k=standing.result.run.k,
        horizon=("≥ " if record.censored else "") + whole(record.horizon),
        outcome=OUTCOMES[outcome(record)],
        passage=passage(record, _marked(record, text)),
        bits=_drawn_bits(record),
        bits_words=f"Bits per token, from the first token on: {mean}at most {number(max(bits))}."
        if bits
        else "No token was marked.",
    )


def _marked(record: SampleRecord, text: str | None) -> str | None:
    """Cut a long text shortly after its marks end: the rest is not shown, and looking at it takes time."""
    ends = record.marks.ends
    return text[: ends[-1] + 1] if text is not None and ends else text


def _drawn_bits(record: SampleRecord) -> Markup:
    """Draw a bar for each token's bits, the height of 20 bits at most; past the failure in another colour."""
    marks = record.marks
    shown = min(len(marks.bits), len(marks.margins), record.horizon + BEYOND)
    paths: dict[State, list[str]] = {"certified": [], "thin": [], "wrong": []}
    for at in range(shown):
        height = min(40.0, max(1.0, 2 * marks.bits[at]))
        paths[state_of(marks.margins[at])].append(f"M{4 * at + 2} 44v-{height:.3g}")
    drawn = "".join(f'<path class="{state}" d="{"".join(moves)}"/>' for state, moves in paths.items() if moves)
    failure = f'<path class="stop" d="M{4 * record.horizon} 0V44"/>' if record.horizon < shown else ""
    width = 4 * max(shown, 1)
    frame = f'<svg class="bits" viewBox="0 0 {width} 44" width="{width}" height="44" aria-hidden="true">'
    return Markup(f"{frame}{drawn}{failure}</svg>")
