"""Texts in the rows of a dataset on the Hub that others have made; a row is named by its number."""

import re
from dataclasses import dataclass
from functools import lru_cache

from cramboard import hub
from cramboard.errors import InputError
from cramboard.schema import HubDatasetSource
from cramboard.tasks.tables import from_csv, from_parquet


@dataclass(frozen=True)
class HubRows:
    """The rows of one split at one revision; they are downloaded when the first is read."""

    repository: str
    revision: str
    split: str
    column: str

    def paths(self) -> tuple[str, ...]:
        """Return the numbers of the rows, from "0", in their order."""
        return tuple(map(str, range(len(_texts(self)))))

    def read(self, path: str) -> str:
        """Return the text of the row of that number.

        Raises:
            InputError: If there is no such row, or the dataset is not what it must be.
            MachineError: If the Hub cannot be reached.
        """
        texts = _texts(self)
        if not path.isdecimal() or int(path) >= len(texts):
            raise InputError(f"the dataset {self.repository} has no row {path!r}; restore the task's manifest.jsonl")
        return texts[int(path)]


def open_hub_dataset(source: HubDatasetSource) -> HubRows:
    """Name the rows of a task's source; nothing is asked of the Hub yet.

    Raises:
        InputError: If the task does not say at which revision.
    """
    if source.revision is None:
        raise InputError(f"the source {source.repository} has no revision yet; build the task first")
    return HubRows(source.repository, source.revision, source.split, source.column)


@lru_cache(maxsize=1)
def _texts(rows: HubRows) -> tuple[str, ...]:
    where = f"the dataset {rows.repository} at {rows.revision[:12]}"
    texts: list[str] = []
    for path in _files_of_split(tuple(hub.list_files(rows.repository, rows.revision)), rows.split, where):
        read = from_parquet if path.endswith(".parquet") else from_csv
        table = read(hub.read_file(rows.repository, rows.revision, path), f"{path} of {where}")
        if rows.column not in table.column_names:
            raise InputError(f"{path} of {where}: no column {rows.column!r}; there are {', '.join(table.column_names)}")
        texts += [str(text) for text in table[rows.column].to_pylist()]
    return tuple(texts)


def _files_of_split(paths: tuple[str, ...], split: str, where: str) -> list[str]:
    """Find a split's data files: those that bear its name; in a dataset with no names, `train` is all of them."""
    data = sorted(path for path in paths if path.endswith((".parquet", ".csv")))
    named = [path for path in data if split in _words(path)]
    unnamed = [path for path in data if not {"train", "validation", "valid", "test"} & _words(path)]
    if not (found := named or (unnamed if split == "train" else [])):
        raise InputError(f"{where}: no Parquet or CSV file of the split {split!r}; it has {', '.join(data) or 'none'}")
    return found


def _words(path: str) -> set[str]:
    return set(re.split(r"[-_./]", path))
