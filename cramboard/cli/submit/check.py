"""`cramboard submit check`."""

from pathlib import Path

import click

from cramboard.cli.output import printable


@click.command("check")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--base", help="The main branch; by default origin/main, or else main.")
@click.option("--unsandboxed", is_flag=True, help="Run the encoder without the sandbox; only for code that you trust.")
def command(path: Path | None, base: str | None, unsandboxed: bool) -> int:
    """Run all checks of CI for a submission and say what to fix.

    PATH is its folder; by default the one that the clone adds to the main branch. Exit code 0 means that you can open
    a pull request.
    """
    from cramboard.cli.progress import watching
    from cramboard.submit.check import check

    with watching() as observer:
        checked = check(path, base, unsandboxed, observer)
    for note in checked.notes:
        click.echo(f"note: {printable(note)}", err=True)
    for problem in checked.problems:
        click.echo(f"fix: {printable(problem)}", err=True)
    if checked.problems:
        return 3
    click.echo(f"{checked.folder.name}: ready to be proposed")
    return 0
