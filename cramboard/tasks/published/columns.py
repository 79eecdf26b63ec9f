"""The columns of a published task, and what a row says of a sample.

A task of another form than text (token ids that are drawn, say) gets its own columns here, and nowhere else.
"""

from typing import TYPE_CHECKING, Any

from cramboard.errors import InputError
from cramboard.schema import TaskSpec

if TYPE_CHECKING:
    from datasets import Features
    from pyarrow import Table

    from cramboard.tasks.task import Sample

_CONTENT = "text"
# What each column holds, in the order of the table; the card prints it.
MEANINGS = {
    "id": "the sample's name, unique in its task",
    "split": "`public` or `tuning`",
    "author": "who wrote it; intervals are clustered by author",
    "date": "when it was written, or drawn",
    "origin": "which part of the task's source it is from",
    "licence": "under what the text may be used",
    "sha256": "of the content as UTF-8",
    _CONTENT: "the content",
}


def features(spec: TaskSpec) -> "Features":
    """Return the columns of the task `spec` with their types, as the Hub's viewer and `datasets` read them."""
    from datasets import Features, Value

    return Features({name: Value("string") for name in MEANINGS})


def row(sample: "Sample") -> dict[str, Any]:
    """Return a sample as a row with the columns of its task."""
    return {name: getattr(sample, name) for name in MEANINGS}


def contents(table: "Table", where: str) -> list[str]:
    """Return the texts of a published table: what the manifest has the sha256 of. `where` names it in errors.

    Raises:
        InputError: If it has not the column.
    """
    if _CONTENT not in table.column_names:
        raise InputError(f"{where}: no column {_CONTENT!r}")
    return [text for text in table[_CONTENT].to_pylist() if isinstance(text, str)]
