"""Verify a run folder again, from its certificate alone, and compare with what it recorded."""

from dataclasses import dataclass
from pathlib import Path

import torch

from cramboard.certificate import load_certificate
from cramboard.decoders import find_decoder, load_decoder
from cramboard.errors import InputError
from cramboard.files import sha256_file
from cramboard.results import summarise
from cramboard.run.control import read_control
from cramboard.run.execute import device_name
from cramboard.run.folder import CONTROL, RUN, SAMPLES, SUMMARY, RunFolder, matching
from cramboard.run.observer import Observer
from cramboard.schema import Summary, Verification
from cramboard.tasks import load_task
from cramboard.verify import VERIFIER_VERSION, check_claims, confirm, verify


@dataclass(frozen=True)
class Reverified:
    """The summary that the certificate gives now, and how it compares with the recorded one."""

    summary: Summary
    verification: Verification


def reverify(
    path: Path, observer: Observer, *, decoder_name: str | None = None, revision: str | None = None,
    device: str = "cpu", attention: str = "sdpa",
) -> Reverified:  # fmt: skip
    """Measure a complete run's certificate again and add a line to its verifications.

    Args:
        path: The run folder, complete.
        observer: Told of progress.
        decoder_name: Where the decoder is, when it is not a listed one.
        revision: Its Hub commit, when it is a Hub id.
        device: Where to verify.
        attention: `sdpa` or `eager`.

    Raises:
        InputError: If a byte of the certificate, the control or the records is not what was issued, or they are
            not of this task version and this decoder; nothing is written then.
    """
    folder = RunFolder(path)
    run = folder.run()
    files = load_certificate(path)
    certificate = files.certificate
    summary = folder.summary()
    records = matching(files, folder.records(), path / SAMPLES)
    recorded = {record.certificate_key: record for record in records}
    if (run.task, run.decoder, run.method, run.k, run.seed) != (
        certificate.task, certificate.decoder, certificate.method, certificate.k, certificate.seed,
    ):  # fmt: skip
        raise InputError(f"{path / RUN}: not the run of the certificate beside it; restore the file")
    if not (path / CONTROL).exists() or sha256_file(path / CONTROL) != run.control_sha256:
        raise InputError(f"{path / CONTROL}: not the control that run.json names; restore the file")
    if summary != summarise(run, records, summary.failures, summary.verifier_version, certificate.sha256):
        raise InputError(f"{path / SUMMARY}: not the summary of the records in {SAMPLES} beside it; restore the files")
    task = load_task(certificate.task.name)
    samples = task.samples(None, [entry.sample for entry in certificate.entries])
    place = find_decoder(decoder_name or certificate.decoder.name, revision)
    observer.planned(len(samples), 0)
    observer.stage(f"loading decoder {place.name}")
    decoder = load_decoder(place, device, attention)
    check_claims(files, task.ref, decoder.ref, samples)
    control = read_control(path / CONTROL, certificate.k, decoder.d)
    later = verify(files, samples, decoder, control, task.spec.lengths, observer.verified)
    outcome = confirm([recorded[record.certificate_key] for record in later], later)
    verification = Verification(
        certificate_sha256=certificate.sha256,
        verifier_version=VERIFIER_VERSION,
        device=device_name(decoder.device),
        attention=decoder.attention,
        threads=torch.get_num_threads(),
        torch=torch.__version__,
        samples=len(later),
        confirmed=outcome.confirmed,
        identical=outcome.identical,
        unconfirmed=outcome.unconfirmed,
        largest_bits_difference_per_token=outcome.largest_bits_difference_per_token,
    )
    folder.add_verification(verification)
    return Reverified(summarise(run, later, summary.failures, VERIFIER_VERSION, certificate.sha256), verification)
