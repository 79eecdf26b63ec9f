"""Tables as the bytes of files. pyarrow is imported when it is needed: it takes longer than most commands."""

import io
from typing import TYPE_CHECKING, Any

from cramboard.errors import InputError

if TYPE_CHECKING:
    from datasets import Features
    from pyarrow import Table


def to_parquet(rows: list[dict[str, Any]], columns: "Features") -> bytes:
    """Return rows as a Parquet file, the same bytes from the same rows, columns and pyarrow."""
    import pyarrow
    import pyarrow.parquet

    written = io.BytesIO()
    # The schema carries the features in its metadata, so `datasets` reads the very types.
    table = pyarrow.Table.from_pylist(rows, schema=columns.arrow_schema)
    pyarrow.parquet.write_table(table, written, compression="zstd")
    return written.getvalue()


def from_parquet(data: bytes, where: str) -> "Table":
    """Return the table of a Parquet file; `where` names it in errors.

    Raises:
        InputError: If the bytes are no Parquet.
    """
    import pyarrow
    import pyarrow.parquet

    try:
        return pyarrow.parquet.read_table(pyarrow.BufferReader(data))
    except (pyarrow.ArrowException, OSError, ValueError):
        raise InputError(f"{where}: no Parquet table, or a damaged one") from None


def from_csv(data: bytes, where: str) -> "Table":
    """Return the table of a CSV file with a heading; `where` names it in errors.

    Raises:
        InputError: If the bytes are no CSV.
    """
    import pyarrow
    import pyarrow.csv

    # A row may be longer than a block, and a text may hold line breaks.
    reading = pyarrow.csv.ReadOptions(block_size=len(data) + 1)
    parsing = pyarrow.csv.ParseOptions(newlines_in_values=True)
    try:
        return pyarrow.csv.read_csv(pyarrow.BufferReader(data), read_options=reading, parse_options=parsing)
    except (pyarrow.ArrowException, OSError, ValueError):
        raise InputError(f"{where}: no CSV table, or a damaged one") from None


def same_table(one: bytes, other: bytes) -> bool:
    """Whether two Parquet files hold the same columns and rows, whatever pyarrow wrote them."""
    if one == other:
        return True
    try:
        return bool(from_parquet(one, "").equals(from_parquet(other, "")))
    except InputError:
        return False
