"""A run folder: finished units as they come, packed at the end; the summary written last.

    run.json                     what the run is, how it was made, what it cost
    control.safetensors          the constant control that stands beside the gains
    units/<key>/                 a finished unit: certificate, vectors, records, cost, unit.json; gone once packed
    vectors.safetensors, certificate.json, samples.jsonl     the finished run
    verifications.jsonl          later verifications
    summary.json                 the aggregates
    view.html                    the page that `cramboard view` writes

A unit appears whole or not at all. Packing writes every file anew and atomically, then removes the units; what was
packed before is a unit again until the new certificate is written, so a run that dies in between loses nothing and
packs again, with equal bytes.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cramboard.certificate import CERTIFICATE, VECTORS, CertificateFiles, load_certificate, merge
from cramboard.errors import InputError, warn
from cramboard.files import (
    clear_os_errors,
    locked,
    publish_folder,
    read_bytes,
    read_text,
    sha256_file,
    sweep,
    write_atomically,
)
from cramboard.run.execute import UnitResult
from cramboard.run.unit_files import (
    COSTS,
    DESCRIBED,
    SAMPLES,
    UNIT,
    description,
    records_beside,
    removable,
    untouched_unit,
    whole_lines,
)
from cramboard.schema import (
    RunRecord,
    SampleRecord,
    Summary,
    UnitCost,
    Verification,
    from_json,
    from_jsonl_file,
    to_json,
    to_jsonl,
)
from cramboard.verify import VERIFIER_VERSION

RUN, SUMMARY, PAGE = "run.json", "summary.json", "view.html"
CONTROL, UNITS, VERIFICATIONS = "control.safetensors", "units", "verifications.jsonl"
_PACKED = "packed"


@dataclass(frozen=True)
class Finished:
    """What a run folder holds so far: certificates (of the packed run and of units), records and costs.

    `places` are the folders that the certificates were read from. `torn` are files whose last line is not whole: it
    counts as absent, and a sample whose record is absent has its vectors all the same.
    """

    places: tuple[Path, ...]
    parts: tuple[CertificateFiles, ...]
    records: tuple[SampleRecord, ...]
    costs: tuple[UnitCost, ...]
    torn: tuple[Path, ...] = ()

    @property
    def samples(self) -> frozenset[str]:
        """The ids of the finished samples."""
        return frozenset(entry.sample for part in self.parts for entry in part.certificate.entries)


class RunFolder:
    """Reads and writes one run folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def holds_run(self) -> bool:
        """Say whether a run was started here."""
        return (self.path / RUN).exists()

    def check_free(self) -> None:
        """Refuse a folder that holds something other than a run.

        Raises:
            InputError: In one line.
        """
        with clear_os_errors(self.path):
            if not self.path.exists() or self.holds_run():
                return
            strangers = sorted(item.name for item in self.path.iterdir() if not item.name.startswith("."))
        if strangers:
            raise InputError(f"{self.path}: holds {strangers[0]!r} and no run; choose another --output-dir")

    def run(self) -> RunRecord:
        """Read run.json."""
        path = self.path / RUN
        return from_json(RunRecord, read_text(path, "run (run.json)"), str(path))

    def write_run(self, run: RunRecord) -> None:
        """Write run.json."""
        write_atomically(self.path / RUN, to_json(run))

    def summary(self) -> Summary:
        """Read summary.json."""
        path = self.path / SUMMARY
        return from_json(Summary, read_text(path, "summary (the run is not complete)"), str(path))

    def records(self) -> list[SampleRecord]:
        """Read samples.jsonl."""
        return from_jsonl_file(SampleRecord, self.path / SAMPLES, "sample records")

    def store_unit(self, result: UnitResult) -> None:
        """Keep a finished unit, whole or not at all."""
        records, costs = to_jsonl(list(result.records)).encode(), to_jsonl([result.cost]).encode()
        contents = result.files.contents() | {SAMPLES: records, COSTS: costs}
        described = {UNIT: description(contents, result.files.certificate)}
        publish_folder(self.path / UNITS / result.unit.name, contents | described)

    def tidy(self) -> None:
        """Remove what runs that died left half-written; only for who holds the folder."""
        sweep(self.path)
        sweep(self.path / UNITS)
        shutil.rmtree(self._removed, ignore_errors=True)

    def finished_samples(self) -> frozenset[str]:
        """Return the ids of the finished samples.

        Raises:
            InputError: If a file is damaged; the line names it.
        """
        untouched = self.untouched_samples()
        return self.finished().samples if untouched is None else untouched

    def untouched_samples(self) -> frozenset[str] | None:
        """Return the finished samples if all of it is as it was stored, byte for byte, and this verifier's.

        None calls for a whole reading, which says what is damaged or has to be measured again; it takes a hundred
        times as long.
        """
        samples: set[str] = set()
        if (self.path / CERTIFICATE).exists():
            packed = self._untouched_run()
            if packed is None:
                return None
            samples |= _samples(packed)
        for folder in (self.path / UNITS).glob("[!.]*"):
            stored = untouched_unit(folder)
            if stored is None:
                return None
            samples.update(stored.samples)
        return frozenset(samples)

    def _untouched_run(self) -> CertificateFiles | None:
        try:
            summary = self.summary()
            files = load_certificate(self.path)
            there = (VERIFIER_VERSION, files.certificate.sha256, sha256_file(self.path / SAMPLES))
        except (InputError, OSError):
            return None
        said = (summary.verifier_version, summary.certificate_sha256, summary.samples_sha256)
        return files if there == said else None

    def finished(self) -> Finished:
        """Read and check everything that is finished: the packed run and the units after it.

        Raises:
            InputError: If a file is damaged; the line names it.
        """
        places: list[Path] = []
        parts: list[CertificateFiles] = []
        records: list[SampleRecord] = []
        costs: list[UnitCost] = []
        torn: list[Path] = []
        known: set[str] = set()
        if (self.path / CERTIFICATE).exists():
            places.append(self.path)
            parts.append(load_certificate(self.path))
            records += records_beside(self.path, parts[-1], torn)
            if not torn:
                self._check_seal()
            costs += self.run().units
            known |= _samples(parts[-1])
        for folder in sorted((self.path / UNITS).glob("[!.]*")):
            with removable(folder):
                part = load_certificate(folder)
                if _samples(part) <= known:
                    continue  # Packed already; the run died before it removed the unit.
                places.append(folder)
                parts.append(part)
                records += records_beside(folder, part, torn)
                costs += whole_lines(UnitCost, folder / COSTS, "unit costs", torn)
                known |= _samples(part)
        return Finished(
            tuple(places),
            tuple(parts),
            tuple(sorted(records, key=lambda record: record.sample)),
            tuple(sorted(costs, key=lambda cost: cost.samples)),
            tuple(torn),
        )

    def _check_seal(self) -> None:
        """Refuse records that are not the ones that the summary was made of."""
        if (self.path / SUMMARY).exists() and sha256_file(self.path / SAMPLES) != self.summary().samples_sha256:
            raise InputError(f"{self.path / SAMPLES}: not the records that {SUMMARY} was made of; restore the file")

    def pack(self, finished: Finished, run: RunRecord) -> CertificateFiles | None:
        """Write the finished run's files from its parts and remove the units; None when nothing is finished."""
        if not finished.parts:
            return None
        files = merge(finished.parts)
        contents = files.contents()
        if len(finished.parts) > 1 or not (self.path / CERTIFICATE).exists():
            self._unpack()
        write_atomically(self.path / VECTORS, contents[VECTORS])
        write_atomically(self.path / SAMPLES, to_jsonl(list(finished.records)))
        self.write_run(run.model_copy(update={"units": finished.costs}))
        write_atomically(self.path / CERTIFICATE, contents[CERTIFICATE])
        self._remove_units()
        return files

    def replace_records(self, place: Path, records: Sequence[SampleRecord]) -> None:
        """Write the records of the packed run or of a unit anew; the summary of the old ones goes first."""
        with clear_os_errors(self.path):
            (self.path / SUMMARY).unlink(missing_ok=True)
        write_atomically(place / SAMPLES, to_jsonl(sorted(records, key=lambda record: record.sample)))
        if place != self.path:
            contents = {name: read_bytes(place / name, "file of the unit") for name in DESCRIBED}
            write_atomically(place / UNIT, description(contents, load_certificate(place).certificate))

    def write_summary(self, summary: Summary) -> None:
        """Write summary.json."""
        write_atomically(self.path / SUMMARY, to_json(summary))

    def add_verification(self, verification: Verification) -> None:
        """Add a line to verifications.jsonl.

        Raises:
            MachineError: If it cannot be written, or another command is at work in the folder.
        """
        path = self.path / VERIFICATIONS
        with locked(self.path):
            torn: list[Path] = []
            lines = whole_lines(Verification, path, "verifications", torn) if path.exists() else []
            if torn:
                warn(f"{path}: its last line is torn and left out")
            write_atomically(path, to_jsonl([*lines, verification]))

    def clear(self) -> None:
        """Remove the run's own files and nothing else."""
        with clear_os_errors(self.path):
            self._remove_units()
            for name in (PAGE, SUMMARY, CERTIFICATE, VECTORS, SAMPLES, VERIFICATIONS, CONTROL, RUN):
                (self.path / name).unlink(missing_ok=True)

    def _unpack(self) -> None:
        """Make a unit of what is packed, so that its files can be written anew; a summary is of the past.

        There may be a summary and nothing packed: of a run of which every sample had failed.
        """
        with clear_os_errors(self.path):
            if (self.path / CERTIFICATE).exists():
                contents = {name: (self.path / name).read_bytes() for name in (CERTIFICATE, VECTORS, SAMPLES)}
                contents[COSTS] = to_jsonl(list(self.run().units)).encode()
                described = {UNIT: description(contents, load_certificate(self.path).certificate)}
                publish_folder(self.path / UNITS / _PACKED, contents | described)
            (self.path / SUMMARY).unlink(missing_ok=True)
            (self.path / CERTIFICATE).unlink(missing_ok=True)

    def _remove_units(self) -> None:
        """Remove the units at once: a half-removed one is never read."""
        units, removed = self.path / UNITS, self._removed
        shutil.rmtree(removed, ignore_errors=True)
        if units.exists():
            with clear_os_errors(units):
                units.rename(removed)
            shutil.rmtree(removed, ignore_errors=True)

    @property
    def _removed(self) -> Path:
        """Where units go that are to be removed."""
        return self.path / f".{UNITS}.removed"


def _samples(files: CertificateFiles) -> set[str]:
    return {entry.sample for entry in files.certificate.entries}
