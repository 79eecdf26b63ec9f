"""Options that several commands share."""

import os
from pathlib import Path

import click

from cramboard.hub import OFFLINE_VARIABLE


def _stay_offline(ctx: click.Context, param: click.Parameter, given: bool) -> None:
    """Set the variable for the time of the command, so that whatever it starts stays offline too."""
    if not given:
        return
    before = os.environ.get(OFFLINE_VARIABLE)
    os.environ[OFFLINE_VARIABLE] = "1"

    def restore() -> None:
        os.environ.pop(OFFLINE_VARIABLE)
        if before is not None:
            os.environ[OFFLINE_VARIABLE] = before

    ctx.call_on_close(restore)


offline = click.option(
    "--offline",
    is_flag=True,
    envvar=OFFLINE_VARIABLE,
    expose_value=False,
    callback=_stay_offline,
    help="Never use the network; use only what is on this machine.",
)

sealed = click.option(
    "--sealed",
    type=click.Path(path_type=Path),
    help="Folder of a sealed set; use its samples instead of the public ones.",
)
