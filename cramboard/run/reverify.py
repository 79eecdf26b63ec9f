"""Verify a run folder again, from its certificate alone, and compare with what it recorded."""

from dataclasses import dataclass
from pathlib import Path

import torch

from cramboard.decoders import find_decoder, load_decoder
from cramboard.errors import InputError
from cramboard.reading import read
from cramboard.results import summarise
from cramboard.run.complete import read_complete
from cramboard.run.control import read_control, shipped_control
from cramboard.run.execute import device_name
from cramboard.run.folder import CONTROL, RUN
from cramboard.run.observer import Observer
from cramboard.schema import Summary, Verification
from cramboard.verify import VERIFIER_VERSION, check_claims, confirm, verify


@dataclass(frozen=True)
class Reverified:
    """The summary that the certificate gives now, and how it compares with the recorded one."""

    summary: Summary
    verification: Verification


def reverify(
    path: Path, observer: Observer, *, decoder_name: str | None = None, revision: str | None = None,
    device: str = "cpu", attention: str = "sdpa", sealed: Path | None = None,
) -> Reverified:  # fmt: skip
    """Measure a complete run's certificate again; nothing is written.

    Args:
        path: The run folder, complete.
        observer: Told of progress.
        decoder_name: Where the decoder is, when it is not a listed one.
        revision: Its Hub commit, when it is a Hub id.
        device: Where to verify.
        attention: `sdpa` or `eager`.
        sealed: The private folder of the sealed set that the run is of.

    Raises:
        InputError: If a byte of the certificate, the control or the records is not what was issued, or they are
            not of this task version and this decoder.
    """
    complete = read_complete(path, sealed)
    run, task, files = complete.run, complete.task, complete.files
    certificate = files.certificate
    samples = task.samples(run.split, [entry.sample for entry in certificate.entries])
    place = find_decoder(decoder_name or certificate.decoder.name, revision)
    observer.planned(len(samples), 0)
    observer.stage(f"loading decoder {place.name}")
    layout = certificate.decoder.layout
    decoder = load_decoder(place, device, attention).in_layout(layout, certificate.decoder.suffix)
    check_claims(files, task.ref, decoder.ref, samples)
    if run.ranked != (place.ranked and layout == "anchored"):
        raise InputError(f"{path / RUN}: field ranked: decoder {place.name}, {layout}, is not so; restore the file")
    control = read_control(path / CONTROL, certificate.k, decoder.d)
    shipped = shipped_control(task, decoder, certificate.k)
    if shipped is not None and not torch.equal(control, shipped):
        raise InputError(f"{path / CONTROL}: not the control that is shipped with task {task.spec.name}; restore it")
    readings = [read(task, sample, decoder) for sample in samples]
    later = verify(files, readings, decoder, control, task.spec.lengths, observer.verified)
    recorded = {record.certificate_key: record for record in complete.records}
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
    failures = complete.summary.failures
    return Reverified(summarise(run, later, failures, VERIFIER_VERSION, certificate.sha256), verification)
