"""Read a complete run and hold its files against each other: what anyone shows or verifies goes through here."""

from dataclasses import dataclass
from pathlib import Path

from cramboard.certificate import CertificateFiles, load_certificate
from cramboard.errors import InputError
from cramboard.files import sha256_file
from cramboard.results import summarise
from cramboard.run.folder import CONTROL, RUN, SUMMARY, RunFolder
from cramboard.run.unit_files import SAMPLES, matching
from cramboard.schema import RunRecord, SampleRecord, Summary
from cramboard.tasks import Task, load_task, sealed_task
from cramboard.verify import VERIFIER_VERSION


@dataclass(frozen=True)
class CompleteRun:
    """A run whose files agree with one another and with the task."""

    run: RunRecord
    task: Task
    files: CertificateFiles
    records: tuple[SampleRecord, ...]
    summary: Summary


def read_complete(path: Path, sealed: Path | None = None) -> CompleteRun:
    """Read the run in folder `path`.

    Args:
        path: The run folder.
        sealed: The private folder of the sealed set that the run is of, if it is of one.

    Raises:
        InputError: If it is not complete, an older verifier measured it, a byte is not what was issued, run.json is not
            of the certificate, the control is not the one that run.json names, the summary does not follow from the
            records, or the task has another version here.
    """
    folder = RunFolder(path)
    run = folder.run()
    files = load_certificate(path)
    certificate = files.certificate
    summary = folder.summary()
    if summary.verifier_version < VERIFIER_VERSION:
        raise InputError(
            f"{path / SUMMARY}: measured by verifier {summary.verifier_version}, this one is {VERIFIER_VERSION}; "
            "type the command of run.json again: it measures anew and keeps the vectors"
        )
    records = matching(files, folder.records(), path / SAMPLES)
    there = {record.sample for record in records} | {failure.sample for failure in summary.failures}
    if open_samples := [sample for sample in run.samples if sample not in there]:
        raise InputError(
            f"{path}: not complete: {len(open_samples)} of its {len(run.samples)} samples have no result yet; type the "
            "command of run.json again"
        )
    if (run.task, run.decoder, run.method, run.k, run.seed) != (
        certificate.task, certificate.decoder, certificate.method, certificate.k, certificate.seed,
    ):  # fmt: skip
        raise InputError(f"{path / RUN}: not the run of the certificate beside it; restore the file")
    if not (path / CONTROL).exists() or sha256_file(path / CONTROL) != run.control_sha256:
        raise InputError(f"{path / CONTROL}: not the control that run.json names; restore the file")
    if summary != summarise(run, records, summary.failures, summary.verifier_version, certificate.sha256):
        raise InputError(f"{path / SUMMARY}: not the summary of the records in {SAMPLES} beside it; restore the files")
    task = _task(path, run, sealed)
    if task.ref != run.task:
        raise InputError(
            f"{path}: is of task {run.task.name} {run.task.version}, this cramboard has {task.spec.version}; "
            "install the cramboard that has that version"
        )
    if run.subset != task.subset_name(run.split, run.samples):
        raise InputError(f"{path / RUN}: field subset: {run.subset!r} is not what its samples are; restore the file")
    return CompleteRun(run, task, files, tuple(records), summary)


def _task(path: Path, run: RunRecord, sealed: Path | None) -> Task:
    """Return the task, or the sealed set of it, that a run is of."""
    if (run.split == "sealed") != (sealed is not None):
        raise InputError(
            f"{path}: a run on a sealed set; give the set's folder: --sealed FOLDER"
            if sealed is None
            else f"{path}: a run on the {run.split} samples; leave --sealed out"
        )
    task = load_task(run.task.name)
    return task if sealed is None else sealed_task(task, sealed)
