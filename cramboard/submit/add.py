"""File the results of a verified run where they belong: `submissions/<slug>/results/<task>/<decoder>/k<k>/`."""

from dataclasses import dataclass
from pathlib import Path

from cramboard.certificate import CERTIFICATE, VECTORS
from cramboard.errors import InputError, UsageError
from cramboard.files import publish_folder, read_bytes
from cramboard.methods import choose_method
from cramboard.methods.submitted.upload import choose_upload
from cramboard.run import CompleteRun, read_complete
from cramboard.run.folder import CONTROL, RUN, SUMMARY, VERIFICATIONS
from cramboard.run.unit_files import SAMPLES
from cramboard.schema import RunRecord, SealedGap, Verification, from_jsonl_file, to_json
from cramboard.submission import RESULTS, SPEC_FILE, Submission, read_submission
from cramboard.submit.beside import BASELINE, GAP, Run, check_baseline, gap_beside
from cramboard.verify import VERIFIER_VERSION

_PUBLIC = (RUN, SUMMARY, SAMPLES, CERTIFICATE, VECTORS, CONTROL, VERIFICATIONS)
# Whatever else a sealed run holds gives its texts away.
_SEALED = (RUN, SUMMARY)


@dataclass(frozen=True)
class Filed:
    """A result's folder; `lacks_gap` for one on a sealed set that was not held against `cram`."""

    place: Path
    lacks_gap: bool


def add(path: Path, submissions: Path, sealed: Path | None = None, beside: Path | None = None) -> list[Filed]:
    """File the run in folder `path`, or every run in it (an encoder's curve), and return where.

    Args:
        path: A run folder, or a folder of run folders.
        submissions: The clone's submissions.
        sealed: The private folder of the sealed set that the runs are of.
        beside: The run of `cram` on the same sealed set, against which theirs are held.

    Raises:
        InputError: If a run is not whole, not verified, has failures, is not of a submission here, or cannot be held
            against `beside`; nothing is filed.
        UsageError: If `beside` is given without `sealed`, or is a run of the very submission.
    """
    if beside is not None and sealed is None:
        raise UsageError("--beside is for runs on a sealed set; give --sealed FOLDER too")
    runs = [path] if (path / RUN).exists() else sorted(found.parent for found in path.glob(f"*/{RUN}"))
    if not runs:
        raise InputError(f"{path}: holds no run ({RUN}); give a run folder, or the folder of an encoder's runs")
    checked = [_checked(run, submissions, sealed) for run in runs]
    gaps: list[SealedGap | None] = [None] * len(checked)
    if beside is not None:
        cram = _checked(beside, submissions, sealed)
        check_baseline(cram)
        gaps = [gap_beside(run, cram) for run in checked]
    for run, gap in zip(checked, gaps, strict=True):
        names = _SEALED if sealed is not None else _PUBLIC
        contents = {name: read_bytes(run.path / name, "file of the run") for name in names}
        publish_folder(run.place, contents | ({GAP: to_json(gap).encode()} if gap else {}))
    lacking = [sealed is not None and gap is None and run.complete.run.method.name != BASELINE
               for run, gap in zip(checked, gaps, strict=True)]  # fmt: skip
    return [Filed(run.place, lacks) for run, lacks in zip(checked, lacking, strict=True)]


def _checked(path: Path, submissions: Path, sealed: Path | None) -> Run:
    complete = read_complete(path, sealed)
    if complete.summary.failures:
        first = complete.summary.failures[0]
        raise InputError(f"{path}: sample {first.sample} has no result ({first.reason}); evaluate it again")
    _check_verified(path, complete)
    submission = _submission_of(complete.run, submissions)
    place = submission.folder
    for name in (RESULTS, complete.run.task.name, complete.run.decoder.name, result_name(complete.run)):
        place /= name
        if place.is_symlink():
            raise InputError(f"{place}: is a link, which may lead to another submission's results; remove it")
    return Run(path, complete, submission, place)


def result_name(run: RunRecord) -> str:
    """Return the name of a result's folder: `k4`, and what is not the standard: `k4-span64-seed2-first8`.

    Raises:
        InputError: If the run's samples are no standard subset.
    """
    name = f"k{run.k}"
    if run.span is not None:
        name += f"-span{run.span}"
    if run.seed:
        name += f"-seed{run.seed}"
    if run.subset.startswith(f"{run.task.name}@"):
        name += f"-first{run.subset.removeprefix(f'{run.task.name}@')}"
    elif run.subset != run.task.name:
        raise InputError(f"run.json: field subset: {run.subset!r} is no standard subset; run all samples or --limit N")
    if run.split == "tuning":
        raise InputError("run.json: field split: tuning samples are never reported; run the public ones")
    if run.split == "sealed":
        # Its task's manifest hash is the set's commitment.
        name += f"-sealed-{run.task.manifest_sha256[:8]}"
    return name


def _check_verified(path: Path, complete: CompleteRun) -> None:
    """Refuse a run whose last verification does not confirm every sample.

    One of the horizons alone counts if it was made on another device than the run: every horizon, which is what ranks,
    then stands on two kinds of machine, and the other measures were made by the same code from the same bytes. Made on
    the run's own device it would say less than the records do, so there everything is measured again.
    """
    certificate = complete.files.certificate
    lines = path / VERIFICATIONS
    made = from_jsonl_file(Verification, lines, "verifications") if lines.exists() else []
    ours = [one for one in made if one.certificate_sha256 == certificate.sha256]
    if not ours or ours[-1].verifier_version != VERIFIER_VERSION:
        raise InputError(f"{path}: not verified; run first: cramboard verify {path}")
    last = ours[-1]
    if last.scope == "horizons" and last.device in {unit.device for unit in complete.run.units}:
        raise InputError(
            f"{path}: its horizons were confirmed on {last.device}, where it was made; confirm them on another "
            f"device, or measure everything again: cramboard verify {path}"
        )
    if last.unconfirmed or last.confirmed != last.samples or last.samples != len(certificate.entries):
        first = last.unconfirmed[0] if last.unconfirmed else certificate.entries[0].sample
        raise InputError(f"{path}: its last verification does not confirm sample {first}; it cannot be filed")


def _submission_of(run: RunRecord, submissions: Path) -> Submission:
    """Return the submission whose method made the run.

    Raises:
        InputError: If there is none, or it is not what it was when the run was made.
    """
    folders = sorted(path.parent for path in submissions.glob(f"*/{SPEC_FILE}"))
    others = []
    for submission in map(read_submission, folders):
        if submission.method != run.method.name:
            continue
        if run.decoder.name not in submission.spec.decoders or not _same_layout(submission, run):
            others.append(f"{submission.slug} is for other decoders, another layout or another suffix")
        elif run.method.settings != _settings(submission, run):
            others.append(f"{submission.slug} has other settings or other code now")
        else:
            return submission
    reason = "; ".join(others) or "no submission has this method"
    raise InputError(f"run.json: field method: {run.method.name}: {reason}; evaluate the submission as it is")


def _same_layout(submission: Submission, run: RunRecord) -> bool:
    """Say whether the run's decoder read in the submission's layout; a bare one has the decoder's BOS as its suffix."""
    spec = submission.spec
    layout = "anchored" if spec.method is None else choose_method(spec.method, spec.preset).layout
    return run.decoder.layout == layout and (layout == "bare" or run.decoder.suffix == spec.suffix)


def _settings(submission: Submission, run: RunRecord) -> dict[str, bool | int | float | str]:
    """Return the settings that a run of this submission has now."""
    spec = submission.spec
    if spec.method is not None:
        return choose_method(spec.method, spec.preset).ref.settings
    if spec.kind == "upload":
        return choose_upload(submission, run.task.name, run.decoder.name, run.k).ref.settings
    return {"code": submission.code_sha256(), "span": submission.plan(run.k).tokens}
