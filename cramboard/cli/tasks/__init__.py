"""`cramboard tasks`: what there is to cram, and where it comes from. One file a command."""

import click

from cramboard.cli.tasks.build import command as build_command
from cramboard.cli.tasks.list import command as list_command
from cramboard.cli.tasks.publish import command as publish_command
from cramboard.cli.tasks.reveal import command as reveal_command
from cramboard.cli.tasks.seal import command as seal_command
from cramboard.cli.tasks.show import command as show_command


@click.group("tasks")
def command() -> None:
    """List, show, build, publish and seal the tasks."""


command.add_command(build_command)
command.add_command(list_command)
command.add_command(show_command)
command.add_command(publish_command)
command.add_command(seal_command)
command.add_command(reveal_command)
