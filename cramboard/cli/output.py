"""What commands share in writing data to stdout."""

import click

from cramboard.schema import Boundary, to_json


def write_json(model: Boundary) -> None:
    """Write a model as JSON to stdout."""
    click.echo(to_json(model), nl=False)
