"""`cramboard submit add`."""

from pathlib import Path

import click

from cramboard.cli import options


@click.command("add")
@click.argument("run_dir", type=click.Path(path_type=Path))
@options.sealed
def command(run_dir: Path, sealed: Path | None) -> None:
    """File the verified results in RUN_DIR under submissions/SLUG/results of the current clone.

    RUN_DIR is a run folder, or the folder of an encoder's runs. Of a sealed run only run.json and summary.json are
    filed.
    """
    from cramboard.submit.add import add
    from cramboard.submit.clone import submissions_folder

    for place in add(run_dir, submissions_folder(), sealed):
        click.echo(str(place))
