"""What commands share in writing data to stdout."""

import json
from collections.abc import Sequence
from typing import Any

import click

from cramboard.schema import Boundary, to_json


def printable(text: str) -> str:
    """Return `text` on one line without the characters that move a terminal's cursor or change its title."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in " ".join(text.split()))


def write_json(model: Boundary) -> None:
    """Write a model as JSON to stdout."""
    click.echo(to_json(model), nl=False)


def print_fields(fields: dict[str, str]) -> None:
    """Print names and values, the values beside each other and wrapped."""
    indent = max(map(len, fields)) + 2
    for field, value in fields.items():
        first, others = field.ljust(indent), " " * indent
        click.echo(click.wrap_text(value, width=100, initial_indent=first, subsequent_indent=others))


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table: fitted to a terminal, and at its full width into a file or a pipe."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if not console.is_terminal:
        widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
        console = Console(width=sum(widths) + 3 * len(widths))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading in headings:
        table.add_column(heading, no_wrap=heading == headings[0], overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)


def print_json(value: Any) -> None:
    """Print indented JSON."""
    click.echo(json.dumps(value, indent=1, ensure_ascii=False))
