"""Measure again what an older verifier measured: the certificates stand, only their records are made anew."""

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
    """Verify every outdated part of `finished` again and replace its records."""
    places = outdated(finished)
    if places:
        observer.notice("measuring again what an older verifier measured; the vectors stand")
    for place, files in zip(finished.places, finished.parts, strict=True):
        if place in places:
            samples = context.task.samples(None, [entry.sample for entry in files.certificate.entries])
            lengths = context.task.spec.lengths
            readings = [read(context.task, sample, context.decoder) for sample in samples]
            records = verify(files, readings, context.decoder, context.control, lengths, observer.verified)
            folder.replace_records(place, records)
