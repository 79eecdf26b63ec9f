"""What commands share in writing data to stdout."""

import click

from cramboard.schema import Boundary, to_json


def printable(text: str) -> str:
    """Return `text` on one line without the characters that move a terminal's cursor or change its title."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in " ".join(text.split()))


def write_json(model: Boundary) -> None:
    """Write a model as JSON to stdout."""
    click.echo(to_json(model), nl=False)
