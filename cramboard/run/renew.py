"""Measure again what an older verifier measured: the certificates stand, only their records are made anew."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path

import torch

from cramboard.certificate import CertificateFiles
from cramboard.decoders import Decoder
from cramboard.reading import read
from cramboard.run.execute import Context
from cramboard.run.executors import Executor
from cramboard.run.folder import Finished, RunFolder
from cramboard.run.observer import Observer
from cramboard.schema import SampleRecord
from cramboard.tasks import Sample, Task
from cramboard.verify import measurement_key, verify


def outdated(finished: Finished) -> list[Path]:
    """Return the places (of the packed run, of units) whose records are not this verifier's."""
    made = {record.measurement_key for record in finished.records}
    return [
        place
        for place, files in zip(finished.places, finished.parts, strict=True)
        if not {measurement_key(files, entry) for entry in files.certificate.entries} <= made
    ]


def renew(folder: RunFolder, finished: Finished, context: Context, observer: Observer, executor: Executor) -> None:
    """Verify what lacks a record of this verifier, where units are executed, and write its place's records anew."""
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
            measure = partial(_measure, files=rest, samples=samples, task=context.task, control=context.control)
            records = executor.call(measure, context.decoder, observer)
            folder.replace_records(place, [*records, *(kept[key] for key in keys.values() if key in kept)])


# It may travel to a worker: it is given what it needs.
def _measure(
    decoder: Decoder, observer: Observer, *, files: CertificateFiles, samples: Sequence[Sample], task: Task,
    control: torch.Tensor,
) -> tuple[SampleRecord, ...]:  # fmt: skip
    done = count(1)

    def measured(_: SampleRecord) -> None:
        """The sample was counted as finished when the run was planned; it is not counted again."""
        observer.stage(f"measured {next(done)} of {len(samples)} again")

    readings = [read(task, sample, decoder) for sample in samples]
    return verify(files, readings, decoder, control, task.spec.lengths, measured)


def _notice(finished: Finished) -> str:
    if finished.torn:
        return "measuring again what the torn lines said; the vectors stand"
    return "measuring again what an older verifier measured; the vectors stand"
