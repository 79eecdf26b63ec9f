"""`cramboard leaderboard build`: the website as a folder of static files."""

from pathlib import Path

import click

from cramboard.cli.leaderboard.site import make_site, options


@click.command("build")
@options
def command(output_dir: Path, submissions: Path | None, runs: tuple[Path, ...], allow_broken: bool) -> None:
    """Build the leaderboard's website from the submissions and the published figures.

    The same input gives the same bytes. A broken result is named; it fails the build, or is left out with
    --allow-broken.
    """
    results = make_site(output_dir, submissions, runs, allow_broken)
    click.echo(f"{output_dir / 'index.html'}")
    click.echo(f"{results} results; to look at it: cramboard leaderboard serve -o {output_dir}", err=True)
