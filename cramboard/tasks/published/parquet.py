"""Tables as Parquet bytes. pyarrow is imported when it is needed: it takes longer than most commands."""

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


def to_table(data: bytes, where: str) -> "Table":
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


def same_table(one: bytes, other: bytes) -> bool:
    """Whether two Parquet files hold the same columns and rows, whatever pyarrow wrote them."""
    if one == other:
        return True
    try:
        return bool(to_table(one, "").equals(to_table(other, "")))
    except InputError:
        return False
