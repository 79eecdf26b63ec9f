"""Verify a run folder again, from its certificate alone, and compare with what it recorded."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from cramboard.decoders import Decoder, find_decoder, load_decoder
from cramboard.errors import InputError
from cramboard.reading import Reading, read
from cramboard.results import summarise
from cramboard.run.complete import CompleteRun, read_complete
from cramboard.run.control import read_control, shipped_control
from cramboard.run.execute import device_name
from cramboard.run.folder import CONTROL, RUN
from cramboard.run.observer import Observer
from cramboard.schema import Summary, Verification
from cramboard.verify import VERIFIER_VERSION, Confirmation, check_claims, confirm, confirm_horizons, verify


@dataclass(frozen=True)
class Reverified:
    """How what the certificate gives now compares with what was recorded.

    `summary` is that of the new measurements; None where only the horizons were measured.
    """

    summary: Summary | None
    verification: Verification


class Verifier:
    """Verifies complete runs again, and keeps its decoders loaded from one to the next; it writes nothing.

    Args:
        observer: Told of progress.
        decoder_name: Where the decoder is, when it is not a listed one.
        revision: Its Hub commit, when it is a Hub id.
        device: Where to verify.
        attention: `sdpa` or `eager`.
        sealed: The private folder of the sealed set that the runs are of.
    """

    def __init__(
        self, observer: Observer, *, decoder_name: str | None = None, revision: str | None = None,
        device: str = "cpu", attention: str = "sdpa", sealed: Path | None = None,
    ) -> None:  # fmt: skip
        self._observer, self._name, self._revision = observer, decoder_name, revision
        self._device, self._attention, self._sealed = device, attention, sealed
        self._loaded: dict[str, Decoder] = {}

    def everything(self, path: Path) -> Reverified:
        """Measure a run's certificate again, whole.

        Raises:
            InputError: If a byte of the certificate, the control or the records is not what was issued, or they are
                not of this task version and this decoder.
        """
        complete, decoder, readings = self._open(path)
        task, files = complete.task, complete.files
        control = read_control(path / CONTROL, files.certificate.k, decoder.d)
        shipped = shipped_control(task, decoder, files.certificate.k)
        if shipped is not None and not torch.equal(control, shipped):
            raise InputError(
                f"{path / CONTROL}: not the control that is shipped with task {task.spec.name}; restore it"
            )
        later = verify(files, readings, decoder, control, task.spec.lengths, self._observer.verified)
        recorded = {record.certificate_key: record for record in complete.records}
        outcome = confirm([recorded[record.certificate_key] for record in later], later)
        failures, sha256 = complete.summary.failures, files.certificate.sha256
        summary = summarise(complete.run, later, failures, VERIFIER_VERSION, sha256)
        return Reverified(summary, _verification(complete, decoder, outcome, "all"))

    def horizons(self, path: Path) -> Reverified:
        """Confirm a run's horizons, which are what ranks, in a fraction of the time; the rest stands as recorded.

        Raises:
            InputError: As `everything` does, but for the control, which is not used.
        """
        complete, decoder, readings = self._open(path)
        outcome = confirm_horizons(
            complete.files, readings, decoder, complete.records, complete.task.spec.lengths, self._observer.verified
        )
        return Reverified(None, _verification(complete, decoder, outcome, "horizons"))

    def _open(self, path: Path) -> tuple[CompleteRun, Decoder, list[Reading]]:
        """Read a run, load its decoder if that is not loaded yet, and hold one against the other."""
        complete = read_complete(path, self._sealed)
        certificate = complete.files.certificate
        samples = complete.task.samples(complete.run.split, [entry.sample for entry in certificate.entries])
        place = find_decoder(self._name or certificate.decoder.name, self._revision)
        self._observer.planned(len(samples), 0)
        if place.name not in self._loaded:
            self._observer.stage(f"loading decoder {place.name}")
            self._loaded[place.name] = load_decoder(place, self._device, self._attention)
        layout = certificate.decoder.layout
        decoder = self._loaded[place.name].in_layout(layout, certificate.decoder.suffix)
        check_claims(complete.files, complete.task.ref, decoder.ref, samples)
        if complete.run.ranked != (place.ranked and layout == "anchored"):
            raise InputError(f"{path / RUN}: field ranked: decoder {place.name}, {layout}, is not so; restore the file")
        return complete, decoder, [read(complete.task, sample, decoder) for sample in samples]


def _verification(
    complete: CompleteRun, decoder: Decoder, outcome: Confirmation, scope: Literal["all", "horizons"]
) -> Verification:
    """Return the line of verifications.jsonl."""
    return Verification(
        certificate_sha256=complete.files.certificate.sha256,
        scope=scope,
        verifier_version=VERIFIER_VERSION,
        device=device_name(decoder.device),
        attention=decoder.attention,
        threads=torch.get_num_threads(),
        torch=torch.__version__,
        samples=len(complete.files.certificate.entries),
        confirmed=outcome.confirmed,
        identical=outcome.identical,
        unconfirmed=outcome.unconfirmed,
        largest_bits_difference_per_token=outcome.largest_bits_difference_per_token,
    )
