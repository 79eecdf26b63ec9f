"""File the results of a verified run where they belong: `submissions/<slug>/results/<task>/<decoder>/k<k>/`."""

from pathlib import Path

from cramboard.certificate import CERTIFICATE, VECTORS
from cramboard.errors import InputError
from cramboard.files import publish_folder, read_bytes
from cramboard.methods import choose_method
from cramboard.methods.submitted.upload import choose_upload
from cramboard.run import CompleteRun, read_complete
from cramboard.run.folder import CONTROL, RUN, SAMPLES, SUMMARY, VERIFICATIONS
from cramboard.schema import RunRecord, Verification, from_jsonl_file
from cramboard.submission import RESULTS, SPEC_FILE, Submission, read_submission
from cramboard.verify import VERIFIER_VERSION

_PUBLIC = (RUN, SUMMARY, SAMPLES, CERTIFICATE, VECTORS, CONTROL, VERIFICATIONS)
# Whatever else a sealed run holds gives its texts away.
_SEALED = (RUN, SUMMARY)


def add(path: Path, submissions: Path, sealed: Path | None = None) -> list[Path]:
    """File the run in folder `path`, or every run in it (an encoder's curve), and return where.

    Raises:
        InputError: If a run is not whole, not verified, has failures, or is not of a submission here.
    """
    runs = [path] if (path / RUN).exists() else sorted(found.parent for found in path.glob(f"*/{RUN}"))
    if not runs:
        raise InputError(f"{path}: holds no run ({RUN}); give a run folder, or the folder of an encoder's runs")
    filed = [(run, _checked_place(run, submissions, sealed)) for run in runs]
    for run, place in filed:
        names = _SEALED if sealed is not None else _PUBLIC
        publish_folder(place, {name: read_bytes(run / name, "file of the run") for name in names})
    return [place for _, place in filed]


def _checked_place(path: Path, submissions: Path, sealed: Path | None) -> Path:
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
    return place


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
