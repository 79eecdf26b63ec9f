"""What the findings rest on: the results of the board, found by what they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cramboard.board.site.entries import Result, Submission
from cramboard.board.site.read import Tasks, read_records
from cramboard.board.site.standings import Rules
from cramboard.schema import Cell, Matrix, Reported, SampleRecord

BASELINE = "cram"
"""The submission whose results the claims are tested on."""


@dataclass(frozen=True)
class Evidence:
    """All that the page is made of.

    Attributes:
        submissions: The submissions with their results.
        matrix: The runs that the board is to have.
        reported: Published figures.
        tasks: The tasks.
        rules: Which decoders rank.
        root: What the files' names in the page begin below; the page lies one folder deeper.
    """

    submissions: tuple[Submission, ...]
    matrix: Matrix
    reported: Reported
    tasks: Tasks
    rules: Rules
    root: Path

    @cached_property
    def baseline(self) -> Submission | None:
        """The baseline with all its results; `cram` chooses among them."""
        return next((one for one in self.submissions if one.slug == BASELINE), None)

    def cram(self, k: int | None = 1, seed: int = 0) -> list[Result]:
        """Return the baseline's headline results at k (None: every k), in order of decoder, task and k."""
        found = [
            result
            for result in (self.baseline.results if self.baseline else ())
            if result.run.split == "public" and result.run.span is None and result.run.seed == seed
            if k is None or result.run.k == k
        ]
        return sorted(found, key=lambda r: (r.run.decoder.name, r.run.task.name, r.run.k, -len(r.run.samples)))

    def file(self, result: Result, name: str = "summary.json") -> str:
        """Return a link to a file of a result."""
        path = (Path(result.folder) / name).relative_to(self.root).as_posix()
        return f"[{result.slug}/{Path(result.folder).name}](../{path})"

    def empty(self) -> list[tuple[Cell, str]]:
        """Return the planned cells without a result, each with why."""
        there = {_identity(submission, result) for submission in self.submissions for result in submission.results}
        return [
            (cell, self.matrix.why_empty(cell) or "not run yet")
            for cell in self.matrix.cells()
            if not any(_fills(one, cell) for one in there)
        ]


Identity = tuple[str, str | None, str, str, int, int, int | None, str]


def _identity(submission: Submission, result: Result) -> Identity:
    run = result.run
    method = f"submissions/{submission.slug}" if submission.spec.method is None else submission.spec.method
    return (
        method, submission.spec.preset, run.task.name, run.decoder.name, run.k, run.seed, run.span, run.subset,
    )  # fmt: skip


def _fills(one: Identity, cell: Cell) -> bool:
    method, preset, task, decoder, k, seed, span, subset = one
    planned = f"{cell.task}@{cell.limit}" if cell.limit else cell.task
    return (
        (method, task, decoder, k, seed, span) == (cell.method, cell.task, cell.decoder, cell.k, cell.seed, cell.span)
        and (cell.preset is None or preset in (cell.preset, None))
        and subset in (planned, cell.task)
    )


def marked(result: Result) -> list[SampleRecord]:
    """Return a result's records with what was kept per token."""
    return read_records(Path(result.folder))


def authors_of(records: Sequence[SampleRecord]) -> list[str]:
    """Return whose text each record is of."""
    return [record.author for record in records]
