"""Whether a summary follows from its records: every mean, interval, count and failure in it, made again.

What no record says is taken as it is: the verifier's version and the sha256 of the certificate and of the records.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from cramboard.board.site.files import EXACT
from cramboard.errors import InputError
from cramboard.results import summarise
from cramboard.results.bootstrap import mean_intervals
from cramboard.results.words import plain
from cramboard.schema import Interval, RunRecord, SampleRecord, Summary


def check_summary(path: Path, run: RunRecord, summary: Summary, records: Sequence[SampleRecord]) -> None:
    """Hold the summary in file `path` against the records of its run; their marks are not looked at.

    Raises:
        InputError: If it does not follow; the first field that differs is named.
    """
    try:
        made = summarise(
            run, records, summary.failures, summary.verifier_version, summary.certificate_sha256, mean_intervals
        )
    except InputError as error:
        raise InputError(f"{path.parent}: {plain(str(error))}") from None
    made = made.model_copy(update={"samples_sha256": summary.samples_sha256})
    for field in Summary.model_fields:
        for where in _differences(field, getattr(summary, field), getattr(made, field)):
            raise InputError(f"{path}: field {plain(where, 80)}: not what the records give; verify the run again")


def _differences(where: str, said: object, made: object) -> Iterator[str]:
    """Yield the names of the fields that differ."""
    if isinstance(said, Mapping) and isinstance(made, Mapping):
        for key in (*made, *(key for key in said if key not in made)):
            yield from _differences(f"{where}.{key}", said.get(key), made.get(key))
    elif isinstance(said, Interval) and isinstance(made, Interval):
        # Sums in another order differ in their last digits, by the size of the largest number.
        near = EXACT * max(1.0, abs(made.mean), abs(made.low), abs(made.high))
        for field in ("mean", "low", "high"):
            if not abs(getattr(said, field) - getattr(made, field)) <= near:
                yield f"{where}.{field}"
        if said.at_least != made.at_least:
            yield f"{where}.at_least"
    elif said != made:
        yield where
