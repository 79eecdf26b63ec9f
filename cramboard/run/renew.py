"""Measure again what an older verifier measured: the certificates stand, only their records are made anew."""

from dataclasses import replace
from pathlib import Path

from cramboard.reading import read
from cramboard.run.execute import Context
from cramboard.run.folder import Finished, RunFolder
from cramboard.run.observer import Observer
from cramboard.verify import measurement_key, verify


def outdated(finished: Finished) -> list[Path]:
    """Return the places (of the packed run, of units) whose records are not this verifier's."""
    made = {record.measurement_key for record in finished.records}
    return [
        place
        for place, files in zip(finished.places, finished.parts, strict=True)
        if not {measurement_key(files, entry) for entry in files.certificate.entries} <= made
    ]


def renew(folder: RunFolder, finished: Finished, context: Context, observer: Observer) -> None:
    """Verify what lacks a record of this verifier, and write the records of its place anew with it."""
    places = outdated(finished)
    kept = {record.measurement_key: record for record in finished.records}
    if places:
        observer.notice(_notice(finished))
    for place, files in zip(finished.places, finished.parts, strict=True):
        if place in places:
            keys = {entry.sample: measurement_key(files, entry) for entry in files.certificate.entries}
            open_entries = tuple(entry for entry in files.certificate.entries if keys[entry.sample] not in kept)
            rest = replace(files, certificate=files.certificate.model_copy(update={"entries": open_entries}))
            samples = context.task.samples(None, [entry.sample for entry in open_entries])
            lengths = context.task.spec.lengths
            readings = [read(context.task, sample, context.decoder) for sample in samples]
            records = verify(rest, readings, context.decoder, context.control, lengths, observer.verified)
            folder.replace_records(place, [*records, *(kept[key] for key in keys.values() if key in kept)])


def _notice(finished: Finished) -> str:
    if finished.torn:
        return "measuring again what the torn lines said; the vectors stand"
    return "measuring again what an older verifier measured; the vectors stand"
