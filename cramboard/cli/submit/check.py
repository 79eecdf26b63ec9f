"""`cramboard submit check`."""

from pathlib import Path

import click

from cramboard.cli.output import printable


@click.command("check")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--base", help="The main branch; origin/main, else main, by default.")
@click.option("--unsandboxed", is_flag=True, help="Run the encoder without the sandbox: only code that you trust.")
def command(path: Path | None, base: str | None, unsandboxed: bool) -> int:
    """Do all that CI does for the submission in PATH, and say exactly what to mend.

    Without PATH it is the one that the clone adds to the main branch. Exit code 0 says that it can be proposed.
    """
    from cramboard.cli.progress import watching
    from cramboard.submit.check import check

    with watching() as observer:
        checked = check(path, base, unsandboxed, observer)
    for note in checked.notes:
        click.echo(f"note: {printable(note)}", err=True)
    for problem in checked.problems:
        click.echo(f"mend: {printable(problem)}", err=True)
    if checked.problems:
        return 3
    click.echo(f"{checked.folder.name}: ready to be proposed")
    return 0
