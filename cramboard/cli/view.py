"""`cramboard view`: one self-contained page about a run."""

from pathlib import Path

import click

from cramboard.cli import options


@click.command("view")
@click.argument("run_dir", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Where to write the page; RUN_DIR/view.html by default."
)
@options.offline
@options.sealed
@click.option("--open", "show", is_flag=True, help="Open the page in the browser.")
def command(run_dir: Path, output: Path | None, show: bool, sealed: Path | None) -> None:
    """Write a page with a run's summary, plots and coloured texts."""
    from cramboard.board import render_run
    from cramboard.files import write_atomically
    from cramboard.run import read_complete
    from cramboard.run.folder import PAGE

    found = read_complete(run_dir, sealed)
    samples = found.task.samples(None, [record.sample for record in found.records])
    texts = {sample.id: sample.text for sample in samples if sample.text is not None}
    page = render_run(found.run, found.summary, list(found.records), texts)
    path = output or run_dir / PAGE
    write_atomically(path, page)
    click.echo(str(path))
    if show:
        click.launch(str(path))
