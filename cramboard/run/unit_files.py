"""The files of a stored unit, and how its records are read; those of a packed run are read alike.

A unit's `unit.json` names its samples and the sha256 of its other files: where the bytes are still those, nothing more
has to be read to know what is finished. A torn last line of a file counts as absent.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from cramboard.certificate import CERTIFICATE, VECTORS, CertificateFiles
from cramboard.errors import InputError
from cramboard.files import read_whole_lines
from cramboard.keys import sha256_bytes
from cramboard.schema import Certificate, Model, SampleRecord, StoredUnit, from_json, to_json
from cramboard.verify import VERIFIER_VERSION

SAMPLES, COSTS, UNIT = "samples.jsonl", "costs.jsonl", "unit.json"
DESCRIBED = (CERTIFICATE, VECTORS, SAMPLES, COSTS)
"""The files that unit.json has the sha256 of."""


def description(contents: Mapping[str, bytes], certificate: Certificate) -> bytes:
    """Return unit.json for a unit of these files."""
    stored = StoredUnit(
        samples=tuple(entry.sample for entry in certificate.entries),
        verifier_version=VERIFIER_VERSION,
        sha256={name: sha256_bytes(data) for name, data in contents.items()},
    )
    return to_json(stored).encode()


def untouched_unit(folder: Path) -> StoredUnit | None:
    """Return what a unit is said to hold, if its files are the ones that it was stored with."""
    try:
        stored = StoredUnit.model_validate_json((folder / UNIT).read_bytes())
        there = {name: sha256_bytes((folder / name).read_bytes()) for name in DESCRIBED}
    except (OSError, ValidationError):
        return None
    return stored if (stored.verifier_version, stored.sha256) == (VERIFIER_VERSION, there) else None


def records_beside(place: Path, files: CertificateFiles, torn: list[Path]) -> list[SampleRecord]:
    """Read the records beside a certificate: one for each entry, unless the file is torn."""
    path, before = place / SAMPLES, len(torn)
    records = whole_lines(SampleRecord, path, "sample records", torn)
    if len(torn) == before:
        return matching(files, records, path)
    there = {record.certificate_key for record in records}
    entries = tuple(entry for entry in files.certificate.entries if entry.key in there)
    rest = files.certificate.model_copy(update={"entries": entries})
    return matching(replace(files, certificate=rest), records, path)


def whole_lines(model: type[Model], path: Path, what: str, torn: list[Path]) -> list[Model]:
    """Read a file of one object a line; a torn last line is left out and its file added to `torn`."""
    lines, is_torn = read_whole_lines(path, what)
    if is_torn:
        torn.append(path)
    return [from_json(model, line, f"{path} line {number}") for number, line in enumerate(lines, 1) if line]


@contextmanager
def removable(unit: Path) -> Iterator[None]:
    """Say of a damaged unit that it can be spared: its samples alone are made again."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{error}; or remove {unit}, and the same command makes its samples again") from None


def matching(files: CertificateFiles, records: Sequence[SampleRecord], path: Path) -> list[SampleRecord]:
    """Check that records and certificate entries are of the same claims."""
    if sorted(record.certificate_key for record in records) != sorted(e.key for e in files.certificate.entries):
        raise InputError(f"{path}: not the records of the certificate beside it; restore the file")
    return list(records)
