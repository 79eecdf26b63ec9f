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
    help="Run of cram on the same sealed set: files the gap to the public result too.",
)
def command(run_dir: Path, sealed: Path | None, beside: Path | None) -> None:
    """File the verified results in RUN_DIR under submissions/SLUG/results of the current clone.

    RUN_DIR is a run folder, or the folder of an encoder's runs. Of a sealed run only run.json and summary.json are
    filed, and with --beside gap.json: how far the method falls behind cram on texts that it cannot have seen.
    """
    from cramboard.submit.add import add
    from cramboard.submit.clone import submissions_folder

    for filed in add(run_dir, submissions_folder(), sealed, beside):
        click.echo(str(filed.place))
        if filed.lacks_gap:
            click.echo(f"note: {filed.place.name} is filed without a gap; to measure it: --beside CRAM_RUN", err=True)
