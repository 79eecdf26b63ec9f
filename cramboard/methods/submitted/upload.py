"""Vectors that were made elsewhere: a certificate in the submission's folder, issued anew after every check."""

from dataclasses import dataclass
from pathlib import Path

from cramboard.certificate import CERTIFICATE, CertificateFiles, load_certificate
from cramboard.errors import InputError
from cramboard.keys import sha256_ids
from cramboard.methods.catalog import ChosenMethod
from cramboard.methods.interface import Made, MethodKind, Request
from cramboard.submission import VECTORS, Submission


@dataclass(frozen=True)
class UploadSettings:
    """What identifies uploaded vectors.

    Attributes:
        certificate: The sha256 of the uploaded certificate.
        span: The span that is declared for this k.
    """

    certificate: str
    span: int


def upload_folder(submission: Submission, task: str, decoder: str, k: int) -> Path:
    """Return where the uploaded certificate for a task, decoder and k lies."""
    return submission.folder / VECTORS / task / decoder / f"k{k}"


def choose_upload(submission: Submission, task: str, decoder: str, k: int) -> ChosenMethod:
    """Return the method that gives back the uploaded vectors for k vectors a text.

    Raises:
        InputError: If there is no certificate, or a byte of it is not what was issued.
    """
    plan = submission.plan(k)
    folder = upload_folder(submission, task, decoder, k)
    files = load_certificate(folder)
    settings = UploadSettings(files.certificate.sha256, plan.tokens)
    return ChosenMethod(
        name=submission.slug,
        preset=None,
        settings=settings,
        kind=MethodKind(
            presets={},
            span=lambda settings, k: settings.span,
            make=lambda settings, request: _make(files, folder / CERTIFICATE, request),
        ),
        dtype=files.certificate.dtype,
        suffix=submission.spec.suffix,
    )


def _make(files: CertificateFiles, path: Path, request: Request) -> Made:
    """Return the vectors of each sample; a cost cannot be made from a certificate, so there is none.

    Raises:
        InputError: If the certificate is of another decoder or k, or does not have a sample at the declared span.
    """
    certificate = files.certificate
    if certificate.decoder != request.decoder.ref or certificate.k != request.k:
        raise InputError(f"{path}: is of another decoder, layout, suffix or k than the run; upload one for each")
    entries = {(entry.sample, entry.tokens_sha256): entry for entry in certificate.entries}
    vectors = []
    for assignment in request.assignments:
        entry = entries.get((assignment.sample, sha256_ids(assignment.ids)))
        if entry is None:
            raise InputError(
                f"{path}: has no vectors for sample {assignment.sample} at the declared span "
                f"(its first {len(assignment.ids)} tokens)"
            )
        vectors.append(files.of(entry))
    return Made(tuple(vectors), seconds=0.0)
