"""The columns of a published task, and what a row says of a sample.

The last one is the content, by the task's form: its text, or its draws as 64-bit numbers.
"""

from typing import TYPE_CHECKING, Any

from cramboard.errors import InputError
from cramboard.schema import TaskSpec
from cramboard.tasks.draws import write_draws

if TYPE_CHECKING:
    from datasets import Features
    from pyarrow import Table

    from cramboard.tasks.task import Sample

# What each column holds, in the order of the table; the card prints it.
MEANINGS = {
    "id": "the sample's name, unique in its task",
    "split": "`public` or `tuning`",
    "author": "who wrote it; intervals are clustered by author",
    "date": "when it was written, or drawn",
    "origin": "which part of the task's source it is from, or its seed",
    "licence": "under what it may be used",
    "sha256": "of the content as UTF-8: the text, or the draws as 16 hexadecimal digits each, single spaces between",
}
CONTENTS = {
    "text": "the text",
    "draws": "the draws, 64-bit numbers that each decoder reads as token ids of its own",
}


def features(spec: TaskSpec) -> "Features":
    """Return the columns of the task `spec` with their types, as the Hub's viewer and `datasets` read them."""
    from datasets import Features, List, Value

    content = Value("string") if spec.form == "text" else List(Value("uint64"))
    return Features({name: Value("string") for name in MEANINGS} | {spec.form: content})


def row(sample: "Sample", spec: TaskSpec) -> dict[str, Any]:
    """Return a sample as a row with the columns of its task."""
    return {name: getattr(sample, name) for name in (*MEANINGS, spec.form)}


def contents(table: "Table", where: str) -> list[str]:
    """Return the contents in a published table: what the manifest has the sha256 of. `where` names it in errors.

    Raises:
        InputError: If it has no column of contents.
    """
    for name in CONTENTS:
        if name in table.column_names:
            found = [content for content in table[name].to_pylist() if content is not None]
            return found if name == "text" else [write_draws(draws) for draws in found]
    raise InputError(f"{where}: no column {' or '.join(CONTENTS)}")
