"""`cramboard submit add`."""

from pathlib import Path

import click

from cramboard.cli import options


@click.command("add")
@click.argument("run_dir", type=click.Path(path_type=Path))
@options.sealed
@click.option(
    "--beside",
    type=click.Path(path_type=Path),
    metavar="CRAM_RUN",
    help="Run of cram on the same sealed set; also files the gap to the public result.",
)
def command(run_dir: Path, sealed: Path | None, beside: Path | None) -> None:
    """File a run's verified results in submissions/SLUG/results.

    RUN_DIR is a run folder, or the folder with the runs of an encoder; SLUG is its submission in the current clone. Of
    a sealed run only run.json and summary.json are filed, and with --beside also gap.json: how far the method falls
    behind cram on texts that it cannot have seen.
    """
    from cramboard.submit.add import add
    from cramboard.submit.clone import submissions_folder

    for filed in add(run_dir, submissions_folder(), sealed, beside):
        click.echo(str(filed.place))
        if filed.lacks_gap:
            click.echo(f"note: {filed.place.name} is filed without a gap; to measure it: --beside CRAM_RUN", err=True)
