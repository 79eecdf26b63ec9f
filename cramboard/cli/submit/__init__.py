"""`cramboard submit`: from a skeleton to the board. One file a command."""

import click

from cramboard.cli.submit.add import command as add_command
from cramboard.cli.submit.check import command as check_command
from cramboard.cli.submit.new import command as new_command


@click.group("submit")
def command() -> None:
    """Start a submission, check it, and file its verified results."""


command.add_command(new_command)
command.add_command(check_command)
command.add_command(add_command)
