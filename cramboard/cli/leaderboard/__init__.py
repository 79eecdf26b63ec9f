"""`cramboard leaderboard`: the website of all results. One file a command."""

import click

from cramboard.cli.leaderboard.build import command as build_command
from cramboard.cli.leaderboard.serve import command as serve_command


@click.group("leaderboard")
def command() -> None:
    """Build the leaderboard's website, or serve it locally."""


command.add_command(build_command)
command.add_command(serve_command)
