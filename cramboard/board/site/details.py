"""What the pages of a submission and of one result say."""

from collections.abc import Sequence
from dataclasses import dataclass

from cramboard.board.facts import CostRow, Fact, Group, cost_rows, provenance
from cramboard.board.sample import OUTCOMES, outcome
from cramboard.board.site.cells import Cell, mean_cell, seconds_cell
from cramboard.board.site.entries import Result, Submission
from cramboard.board.site.gapwords import gap_cell, gap_facts
from cramboard.board.site.standings import Standing, kind
from cramboard.board.site.tables import NO_RANK, Sealed, date, rank_words, tokens_cell, verified_cell
from cramboard.board.site.words import link, named, paragraphs
from cramboard.results.table import LengthRow, Row, closing_sections, length_rows
from cramboard.results.words import number, plain, whole
from cramboard.schema import Plan, Verification

_NO_HEADLINE = "not ranked: only the public samples, seed 0 and the declared span are"


@dataclass(frozen=True)
class Link:
    """A link that a submission gives: what it calls it, where it leads, and the host."""

    label: str
    address: str
    host: str


@dataclass(frozen=True)
class ResultRow:
    """One result on its submission's page."""

    page: str
    task: str
    decoder: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class SubmissionView:
    """A submission, every value text."""

    slug: str
    name: str
    kind: str
    authors: str
    description: list[str]
    links: list[Link]
    facts: tuple[Fact, ...]
    rows: list[ResultRow]
    spreads: list[tuple[str, str]]
    has_gap: bool


@dataclass(frozen=True)
class SampleLine:
    """One sample of a result; `page` leads to the sample if it has a page."""

    id: str
    page: str
    horizon: str
    drawn: Cell
    bits: str
    gain: str
    control: str
    coarsest: str
    outcome: str


@dataclass(frozen=True)
class ResultView:
    """A result, every value text."""

    result: Result
    name: str
    headline: str
    after_first: str
    rank: str
    rank_title: str
    sections: dict[str, list[Row]]
    lengths: list[LengthRow]
    samples: list[SampleLine]
    beside: tuple[Fact, ...]
    twin: Result | None
    command: str
    groups: list[Group]
    costs: list[CostRow]
    verifications: list[tuple[str, ...]]


def submission_view(submission: Submission, standings: Sequence[Standing]) -> SubmissionView:
    """Put a submission into words; `standings` are those of its own results."""
    spec = submission.spec
    placed = {standing.result.page: standing for standing in standings}
    highs = [r.summary.measures["tokens_per_vector"].high for r in submission.results]
    has_gap = any(result.gap for result in submission.results)
    links = [(named(label), link(address)) for label, address in sorted(spec.links.items())]
    return SubmissionView(
        slug=submission.slug,
        name=named(spec.name),
        kind=kind(submission),
        authors=", ".join(named(author) for author in spec.authors[:20]) + (" and others" if spec.authors[20:] else ""),
        description=paragraphs(spec.description),
        links=[Link(label, checked[0], checked[1]) for label, checked in links if checked],
        facts=(
            Fact("Folder", f"submissions/{submission.slug}", True),
            Fact("Licence", plain(spec.licence)),
            Fact("Method", spec.method or ("its own encoder" if spec.encoder else "vectors made elsewhere"), True),
            Fact("Plans", "; ".join(_plan(plan) for plan in spec.plans[:20])),
            Fact("Stored dtype", spec.dtype),
            Fact("Suffix after the vectors", f"{len(spec.suffix)} tokens" if spec.suffix else "none"),
            Fact("Parameters", "not given" if spec.parameters is None else whole(spec.parameters)),
            Fact("Training data", plain(" ".join(spec.training_data.split()), 2000)),
        ),
        rows=[
            _result_row(result, submission, placed.get(result.page), max(highs), has_gap)
            for result in _ordered(submission.results)
        ],
        spreads=_spreads(submission),
        has_gap=has_gap,
    )


def _plan(plan: Plan) -> str:
    what = f"ratio {plan.ratio:g}" if plan.ratio is not None else f"span {plan.span}"
    return f"k = {plan.k}, {what}"


def _ordered(results: Sequence[Result]) -> list[Result]:
    return sorted(
        results,
        key=lambda r: (
            r.run.task.name,
            r.run.decoder.name,
            r.run.k,
            r.run.split,
            r.run.span is not None,
            r.run.seed,
            r.run.span or 0,
            r.page,
        ),
    )


def _result_row(
    result: Result, submission: Submission, standing: Standing | None, largest: float, has_gap: bool
) -> ResultRow:
    run, measures = result.run, result.summary.measures
    rank, why = rank_words(standing) if standing else (NO_RANK, _NO_HEADLINE)
    declared = next((plan.tokens for plan in submission.spec.plans if plan.k == run.k), 0) if run.span is None else 0
    span = run.span or declared
    return ResultRow(
        page=result.page,
        task=run.task.name,
        decoder=run.decoder.name,
        cells=(
            Cell(str(run.k), float(run.k)),
            tokens_cell(result, largest),
            Cell(rank, float(standing.rank or 0) if standing else 0.0, why),
            Cell(whole(span) if span else "declared", float(span), note="declared" if declared else ""),
            Cell(str(run.seed), float(run.seed)),
            Cell(f"{whole(len(run.samples))} {run.split}"),
            *((gap_cell(result),) if has_gap else ()),
            mean_cell(measures.get("bytes_per_vector")),
            mean_cell(measures["recovered_bits"]),
            mean_cell(measures["coder_efficiency"], 100, "%"),
            seconds_cell(submission.seconds(result)),
            verified_cell(result),
            Cell(date(run.started)),
        ),
    )


def _spreads(submission: Submission) -> list[tuple[str, str]]:
    """Return, for what was run with several seeds, which seed gave how many tokens per vector."""
    by_cell: dict[tuple[str, str, int, str], list[Result]] = {}
    for result in _ordered(submission.results):
        if result.run.split == "public" and result.run.span is None:
            run = result.run
            by_cell.setdefault((run.task.name, run.decoder.name, run.k, run.subset), []).append(result)
    return [
        (
            f"{plain(subset)}, {decoder}, k = {k}",
            ", ".join(f"{number(r.summary.measures['tokens_per_vector'].mean)} (seed {r.run.seed})" for r in results),
        )
        for (_, decoder, k, subset), results in by_cell.items()
        if len(results) > 1
    ]


def result_view(
    result: Result, submission: Submission, standing: Standing | None, pages: set[str], sealed: Sealed
) -> ResultView:
    """Put one result into words; `pages` are the samples' pages that there are."""
    summary, run = result.summary, result.run
    twin = _public_twin(result, submission) if result.sealed else sealed.get(result.likeness)
    rank, why = rank_words(standing) if standing else (NO_RANK, _NO_HEADLINE)
    return ResultView(
        result=result,
        name=named(submission.spec.name),
        headline=mean_cell(summary.measures["tokens_per_vector"]).text,
        after_first="" if result.after_first is None else number(result.after_first),
        rank=rank,
        rank_title=why,
        sections=closing_sections(summary),
        lengths=length_rows(summary),
        samples=_lines(result, pages),
        beside=gap_facts(twin, result) if result.sealed else gap_facts(result, twin),
        twin=twin,
        command=plain(run.command, 4000),
        groups=[group for group in provenance(run, summary) if group.facts],
        costs=cost_rows(run.units[:100]),
        verifications=[_verification(line) for line in result.verifications[:50]],
    )


def _public_twin(sealed: Result, submission: Submission) -> Result | None:
    """Return the result of a sealed one's method on public samples, the one on the most."""
    alike = [r for r in submission.results if r.run.split == "public" and r.likeness == sealed.likeness]
    return max(alike, key=lambda result: len(result.run.samples), default=None)


def sample_page(task: str, sample: str) -> str:
    """Return the path of a sample's page."""
    return f"samples/{task}/{sample}.html"


def _lines(result: Result, pages: set[str]) -> list[SampleLine]:
    largest = max((record.horizon for record in result.records), default=0)
    lines = []
    for record in sorted(result.records, key=lambda r: (-r.horizon, r.sample)):
        sign = "≥ " if record.censored else ""
        page = sample_page(result.run.task.name, record.sample)
        share = record.horizon / largest if largest else 0.0
        lines.append(
            SampleLine(
                id=plain(record.sample, 120),
                page=page if page in pages else "",
                horizon=f"{sign}{whole(record.horizon)}",
                drawn=Cell(f"{100 * share:.3g}"),
                bits=f"{sign}{number(record.recovered_bits)}",
                gain=number(record.gain_bits),
                control=number(record.control_gain_bits),
                coarsest=record.coarsest,
                outcome=OUTCOMES[outcome(record)],
            )
        )
    return lines


def _verification(line: Verification) -> tuple[str, ...]:
    return (
        f"{whole(line.confirmed)} of {whole(line.samples)}",
        "every measure" if line.scope == "all" else "horizons alone",
        whole(line.identical),
        plain(line.device, 60),
        plain(line.attention, 20),
        plain(line.torch, 30),
        "" if (largest := line.largest_bits_difference_per_token) is None else f"{largest:.2g}",
    )
