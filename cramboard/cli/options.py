"""Options that several commands share."""

from pathlib import Path

import click

sealed = click.option(
    "--sealed",
    type=click.Path(path_type=Path),
    help="Folder of a sealed set of the task; its samples instead of the public ones.",
)
