"""The gap of a sealed result: its method held against `cram`, on the public samples and on the sealed set.

Four results are read whole, each held against its own files: the two sealed runs, and the public results that are filed
for both. The records of sealed samples stay where they are; `gap.json` has a mean and an interval.
"""

from dataclasses import dataclass
from pathlib import Path

from cramboard.errors import InputError, UsageError
from cramboard.files import read_bytes
from cramboard.results import Beside, Measured, sealed_gap
from cramboard.run import CompleteRun, read_complete
from cramboard.run.folder import RUN, SUMMARY, RunFolder
from cramboard.schema import RunRecord, SealedGap
from cramboard.submission import Submission
from cramboard.verify import VERIFIER_VERSION

GAP = "gap.json"
BASELINE = "cram"
"""The method that every other one is held against; it needs no gap itself."""


@dataclass(frozen=True)
class Run:
    """A verified run with the submission that it is of, and where it is or will be filed."""

    path: Path
    complete: CompleteRun
    submission: Submission
    place: Path

    @property
    def measured(self) -> Measured:
        """Its records."""
        return measured(self.complete)


def measured(complete: CompleteRun) -> Measured:
    """Return the records of a complete run with their sha256."""
    return Measured(complete.records, complete.summary.samples_sha256)


def check_baseline(cram: Run) -> None:
    """Refuse a run that nothing can be held against.

    Raises:
        InputError: If it is not of `cram`, or is not filed itself: the board shows a gap beside both of its ends.
    """
    if cram.complete.run.method.name != BASELINE:
        raise InputError(f"{cram.path}: made by {cram.complete.run.method.name}; give --beside a run of {BASELINE}")
    filed = cram.place / SUMMARY
    if not filed.is_file() or read_bytes(filed, "summary") != read_bytes(cram.path / SUMMARY, "summary"):
        raise InputError(f"{cram.path}: not filed; run first: cramboard submit add {cram.path} --sealed FOLDER")


def gap_beside(sealed: Run, cram: Run) -> SealedGap:
    """Hold a sealed run against that of `cram` on the same set, and both against their public results.

    Raises:
        InputError: If the runs are not alike, or a public result is not filed.
        UsageError: If the run is the baseline's own.
    """
    if sealed.submission.slug == cram.submission.slug:
        raise UsageError(f"--beside {cram.path}: {sealed.path} is of {cram.submission.slug} too; leave --beside out")
    one, other = sealed.complete.run, cram.complete.run
    for field in ("task", "decoder", "k", "samples"):
        if _alike(one, field) != _alike(other, field):
            raise InputError(
                f"{cram.path}: field {field}: not that of {sealed.path}; evaluate {BASELINE} on the same set, decoder, "
                "k and samples"
            )
    public = Beside(measured(_public(sealed)), measured(_public(cram)))
    try:
        return sealed_gap(public, Beside(sealed.measured, cram.measured), cram.submission.slug, VERIFIER_VERSION)
    except ValueError as error:
        raise InputError(f"{sealed.place.parent}: on the public samples {error}; evaluate both on all") from None


def _alike(run: RunRecord, field: str) -> object:
    """Return what two runs must have in common; a submission's suffix makes its decoder no other one."""
    if field == "decoder":
        return run.decoder.model_copy(update={"suffix": ()})
    return getattr(run, field)


def _public(sealed: Run) -> CompleteRun:
    """Return the filed public result of the same method, k, seed and span: the one on the most samples."""
    run, folder = sealed.complete.run, sealed.place.parent
    found = [
        (len(other.samples), path)
        for path in sorted(folder.glob(f"*/{RUN}"))
        if _same_method(run, other := RunFolder(path.parent).run()) and other.split == "public"
    ]
    if not found:
        raise InputError(
            f"{folder}: no public result of {sealed.submission.slug} with k = {run.k} as it is now, from which the gap "
            "is measured; file it first, or leave --beside out"
        )
    return read_complete(max(found)[1].parent)


def _same_method(run: RunRecord, other: RunRecord) -> bool:
    fields = ("decoder", "method", "k", "seed", "span")
    return run.task.version == other.task.version and all(getattr(run, f) == getattr(other, f) for f in fields)
