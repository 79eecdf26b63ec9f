"""The gap beside a sealed result, held against the results that it says it was measured from.

The sealed records are private, so only what was made of them is taken as it is. All else follows: whose records they
were, the public side as a whole, the difference, and whether it is flagged.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from cramboard.board.site.entries import Result, Submission
from cramboard.board.site.files import EXACT, GAP, checked_json
from cramboard.errors import InputError
from cramboard.results.gap import Beside, Measured, flagged
from cramboard.schema import GapSide, SealedGap

BASELINE = "cram"
# A horizon is less than ten million tokens, and a gap the difference of two such logarithms.
_LARGEST = 2 * math.log(10**7 + 1)


def with_gaps(submissions: Sequence[Submission]) -> tuple[list[Submission], list[str]]:
    """Return the submissions with the gaps that hold, and one line for each that does not."""
    by_slug = {submission.slug: submission for submission in submissions}
    broken: list[str] = []

    def with_gap(result: Result) -> Result:
        path = Path(result.folder) / GAP
        if not result.sealed or not (path.exists() or path.is_symlink()):
            return result
        try:
            return replace(result, gap=_checked_gap(path, result, by_slug))
        except InputError as error:
            broken.append(str(error))
            return result

    return [replace(s, results=tuple(map(with_gap, s.results))) for s in submissions], broken


def _checked_gap(path: Path, sealed: Result, submissions: Mapping[str, Submission]) -> SealedGap:
    """Read a gap and recompute of it what can be.

    Raises:
        InputError: If the file is broken, or was measured from other results than those on the board.
    """
    gap = checked_json(SealedGap, path)
    cram = submissions.get(gap.baseline)
    if cram is None or cram.spec.method != BASELINE or cram.slug == sealed.slug:
        raise InputError(f"{path}: field baseline: {gap.baseline} is no other submission of {BASELINE}; file it again")
    if gap.verifier_version != sealed.summary.verifier_version:
        raise InputError(f"{path}: field verifier_version: not that of the summary beside it; file it again")
    ours = _sealed_side(path, gap.sealed, sealed, cram)
    public = Beside(
        _public(path, "samples_sha256", gap.public.samples_sha256, submissions[sealed.slug], sealed),
        _public(path, "cram_samples_sha256", gap.public.cram_samples_sha256, cram, ours),
    )
    try:
        made = public.side
    except ValueError as error:
        raise InputError(f"{path}: field public: {error}; file it again") from None
    if (
        not math.isclose(made.mean, gap.public.mean, abs_tol=EXACT)
        or made.model_copy(update={"mean": gap.public.mean}) != gap.public
    ):
        raise InputError(f"{path}: field public: not what the public records give; file it again")
    value = gap.gap
    if max(map(abs, (gap.sealed.mean, value.low, value.high))) > _LARGEST:
        raise InputError(f"{path}: a number that no measurement gives; file it again")
    if not math.isclose(value.mean, gap.public.mean - gap.sealed.mean, abs_tol=EXACT) or value.at_least:
        raise InputError(f"{path}: field gap: not the public mean less the sealed one; file it again")
    if not value.low <= value.mean <= value.high:
        raise InputError(f"{path}: field gap: its mean is not in its interval; file it again")
    if gap.flagged != flagged(value):
        raise InputError(f"{path}: field flagged: not what its interval says; file it again")
    return gap


def _sealed_side(path: Path, side: GapSide, sealed: Result, cram: Submission) -> Result:
    """Check that the sealed side is of the summary beside it and of the baseline's filed one; return the latter."""
    if side.samples_sha256 != sealed.summary.samples_sha256 or side.samples != sealed.summary.samples:
        raise InputError(f"{path}: field sealed: not measured from the result beside it; file it again")
    for other in cram.results:
        if other.sealed and other.summary.samples_sha256 == side.cram_samples_sha256:
            run, its = sealed.run, other.run
            if (run.task, run.k, run.samples, run.decoder.name) == (its.task, its.k, its.samples, its.decoder.name):
                return other
    raise InputError(
        f"{path}: field sealed: no result of {cram.slug} on the same set, decoder and k has those records; "
        "file that one too"
    )


def _public(path: Path, field: str, sha256: str, submission: Submission, sealed: Result) -> Measured:
    """Return the records of the public twin of a sealed result."""
    for other in submission.results:
        if other.run.split == "public" and other.summary.samples_sha256 == sha256 and other.likeness == sealed.likeness:
            return Measured(other.records, sha256)
    raise InputError(
        f"{path}: field public.{field}: no public result of {submission.slug} that is otherwise alike has those "
        "records; file the gap again"
    )
