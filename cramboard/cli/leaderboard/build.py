"""`cramboard leaderboard build`: the website as a folder of static files."""

import sys
from pathlib import Path

import click

from cramboard.cli.leaderboard.site import make_site, options


@click.command("build")
@options
def command(output_dir: Path, submissions: Path | None, runs: tuple[Path, ...], allow_broken: bool) -> None:
    """Build the leaderboard's website as a folder of static files.

    It is made from the submissions and the published figures; the same input gives the same bytes. A broken result is
    named, and fails the build; with --allow-broken it is left out.
    """
    results = make_site(output_dir, submissions, runs, allow_broken)
    click.echo(str(output_dir / "index.html"))
    if sys.stderr.isatty():
        shown = "1 result" if results == 1 else f"{results:,} results"
        click.echo(f"{shown}; to look at them: cramboard leaderboard serve", err=True)
