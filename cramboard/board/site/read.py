"""Read the submissions, each result held against itself; a broken one is named and left out.

Every byte here may come from a stranger. So sizes are limited before a file is read, links are not followed, and
what a result says of itself must follow from its records: their sha256, and everything in its summary (`follows.py`).
The records themselves are taken as they are: `cramboard verify` measures them again, from the vectors on. So is the
summary of a sealed run, whose records are private.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cramboard.board.site.entries import Result, Submission, path_name
from cramboard.board.site.files import RUN, SAMPLES, SUMMARY, VERIFICATIONS, check_numbers, checked, checked_json
from cramboard.board.site.follows import check_summary
from cramboard.board.site.gaps import with_gaps
from cramboard.errors import InputError
from cramboard.files import sha256_file
from cramboard.results.words import plain
from cramboard.schema import (
    RunRecord,
    SampleRecord,
    SubmissionSpec,
    Summary,
    TokenMarks,
    Verification,
    from_jsonl_file,
)
from cramboard.submission import RESULTS, read_submission
from cramboard.tasks import Task, load_task

NO_MARKS = TokenMarks(ends=None, margins=(), bits=())
# What every summary has, a sealed one too; bytes and source entropy are only there where a sample has them.
MEASURES = (
    "tokens_per_vector", "recovered_bits", "density", "coder_efficiency", "gain_bits_per_vector",
    "control_gain_bits_per_vector",
)  # fmt: skip
# No sample has nearly as many tokens.
MOST_TOKENS = 10**7


@dataclass(frozen=True)
class Found:
    """What there is to show, and one line for each thing that is broken."""

    submissions: tuple[Submission, ...]
    broken: tuple[str, ...]


class Tasks:
    """The tasks of this cramboard, each read once."""

    def __init__(self) -> None:
        self._read: dict[str, Task] = {}

    def named(self, name: str) -> Task:
        """Return the task `name`.

        Raises:
            InputError: If there is none.
        """
        if name not in self._read:
            self._read[name] = load_task(name)
        return self._read[name]


def read_submissions(folder: Path, tasks: Tasks) -> Found:
    """Read every submission in `folder`, in order of slug, with each result that holds.

    Raises:
        InputError: If `folder` is not there.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder of submissions; give it with --submissions")
    submissions: list[Submission] = []
    broken: list[str] = []
    for place in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        try:
            spec = _spec(place)
        except InputError as error:
            broken.append(str(error))
            continue
        results: list[Result] = []
        for run in sorted((place / RESULTS).glob(f"*/*/*/{RUN}")):
            try:
                _check_way(run.parent, folder)
                results.append(_filed(run.parent, place.name, tasks))
            except InputError as error:
                broken.append(str(error))
        submissions.append(Submission(place.name, spec, tuple(results)))
    submissions, broken_gaps = with_gaps(submissions)
    return Found(tuple(submissions), (*broken, *broken_gaps))


def _check_way(folder: Path, submissions: Path) -> None:
    """Refuse a link on the way to a result: it would show another submission's as this one's."""
    for place in (folder, *folder.parents):
        if place == submissions:
            return
        if place.is_symlink():
            raise InputError(f"{place}: is a link; put the folder itself there")


def _spec(place: Path) -> SubmissionSpec:
    _check_way(place, place.parent)
    return read_submission(place).spec


def _filed(folder: Path, slug: str, tasks: Tasks) -> Result:
    """Read a result and hold it against the folders that it is filed under."""
    result = read_result(folder, slug, tasks)
    run = result.run
    if path_name(run.decoder.name) != run.decoder.name:
        raise InputError(f"{folder / RUN}: field decoder: {plain(run.decoder.name, 80)!r} names no folder; rename it")
    if (folder.parent.parent.name, folder.parent.name) != (run.task.name, run.decoder.name):
        raise InputError(f"{folder}: holds {run.task.name}, {run.decoder.name}; file it under those names")
    parts = folder.name.split("-")
    said = [parts[0], *(part for part in parts[1:] if part.startswith(("span", "seed")))]
    span, seed = [f"span{run.span}"] if run.span is not None else [], [f"seed{run.seed}"] if run.seed else []
    if said != [f"k{run.k}", *span, *seed] or not re.fullmatch(r"[a-z0-9-]{1,80}", folder.name):
        right = "-".join([f"k{run.k}", *span, *seed])
        raise InputError(f"{folder}: holds {right}, which its name does not say; file it with `cramboard submit add`")
    return result


def read_result(folder: Path, slug: str, tasks: Tasks) -> Result:
    """Read the finished run in `folder`.

    Raises:
        InputError: If a file is missing, too large, or does not follow from the others.
    """
    run = checked_json(RunRecord, folder / RUN)
    summary = checked_json(Summary, folder / SUMMARY)
    for field in ("task", "split", "subset", "decoder", "method", "k", "seed", "ranked"):
        if getattr(run, field) != getattr(summary, field):
            raise InputError(f"{folder / SUMMARY}: field {field}: not that of {RUN} beside it; restore the files")
    if summary.samples != len(run.samples) or not run.samples:
        raise InputError(f"{folder / SUMMARY}: field samples: not the number in {RUN}; restore the files")
    for name in MEASURES:
        if name not in summary.measures:
            raise InputError(f"{folder / SUMMARY}: field measures: {name} is missing; verify the run again")
    check_numbers(folder / RUN, run.model_dump(exclude={"method"}))
    check_numbers(folder / SUMMARY, summary.model_dump(exclude={"method"}))
    if any(unit.encode_seconds < 0 for unit in run.units):
        raise InputError(f"{folder / RUN}: field units: encode_seconds is below 0; restore the file")
    task = tasks.named(run.task.name)
    lines = _verifications(folder, summary)
    if run.split == "sealed":
        return Result(slug, str(folder), run, summary, (), {}, lines)
    _check_samples(folder, run, task)
    records = read_records(folder)
    _check_records(folder, run, records, task)
    if sha256_file(folder / SAMPLES) != summary.samples_sha256:
        raise InputError(f"{folder / SAMPLES}: not the records that {SUMMARY} was made of; restore the file")
    surprisals = {record.sample: _surprisal(record) for record in records}
    light = tuple(record.model_copy(update={"marks": NO_MARKS}) for record in records)
    check_summary(folder / SUMMARY, run, summary, light)
    return Result(slug, str(folder), run, summary, light, surprisals, lines)


def _verifications(folder: Path, summary: Summary) -> tuple[Verification, ...]:
    """Read the later verifications; one of this certificate that is not of every sample would be a badge for less."""
    path = folder / VERIFICATIONS
    lines = from_jsonl_file(Verification, checked(path), "verifications") if path.exists() else []
    certified = summary.samples - len({failure.sample for failure in summary.failures})
    for line in lines:
        if line.certificate_sha256 != summary.certificate_sha256:
            continue
        if line.samples != certified or line.confirmed != certified - len(set(line.unconfirmed)):
            raise InputError(f"{path}: field confirmed: not of the {certified} certified samples; restore the file")
    return tuple(lines)


def _surprisal(record: SampleRecord) -> float:
    """Return the bits per token of a text over the longest stretch of it that was measured."""
    longest = max((record.at_span, *record.lengths), key=lambda measures: measures.length)
    return longest.surprisal_bits / longest.length


def read_records(folder: Path) -> list[SampleRecord]:
    """Read a result's sample records with their marks."""
    return from_jsonl_file(SampleRecord, checked(folder / SAMPLES), "sample records")


def _check_samples(folder: Path, run: RunRecord, task: Task) -> None:
    """Hold a run on today's version of a task against its manifest."""
    if run.task != task.ref:
        return
    known = {line.id for line in task.select(run.split)}
    strangers = [sample for sample in run.samples if sample not in known]
    if strangers:
        raise InputError(f"{folder / RUN}: field samples: the task has no {run.split} sample {strangers[0][:80]!r}")
    if run.subset != task.subset_name(run.split, run.samples):
        raise InputError(f"{folder / RUN}: field subset: {run.subset[:80]!r} is not what its samples are; restore it")


def _check_records(folder: Path, run: RunRecord, records: Sequence[SampleRecord], task: Task) -> None:
    authors = {line.id: line.author for line in task.lines} if run.task == task.ref else {}
    expected = set(run.samples)
    for record in records:
        if record.sample not in expected:
            raise InputError(f"{folder / SAMPLES}: sample {record.sample}: twice, or not in {RUN}; restore the file")
        expected.remove(record.sample)
        if authors.get(record.sample, record.author) != record.author:
            raise InputError(f"{folder / SAMPLES}: sample {record.sample}: field author: not the task's; restore it")
        if not 0 <= record.horizon <= record.tokens <= MOST_TOKENS or len(record.marks.margins) > record.tokens:
            raise InputError(f"{folder / SAMPLES}: sample {record.sample}: field horizon: past the tokens that it has")
