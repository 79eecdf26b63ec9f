"""`cramboard view`: one self-contained page about a run."""

from pathlib import Path

import click


@click.command("view")
@click.argument("run_dir", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Where to write it; RUN_DIR/view.html by default."
)
@click.option("--open", "show", is_flag=True, help="Open it in the browser.")
def command(run_dir: Path, output: Path | None, show: bool) -> None:
    """Write a page with the summary, the horizons, and each text with its tokens coloured by margin."""
    from cramboard.board import render_run
    from cramboard.errors import InputError
    from cramboard.files import write_atomically
    from cramboard.run.folder import PAGE, RunFolder
    from cramboard.tasks import load_task

    folder = RunFolder(run_dir)
    run, summary, records = folder.run(), folder.summary(), folder.records()
    task = load_task(run.task.name)
    if task.ref != run.task:
        raise InputError(
            f"{run_dir}: is of task {run.task.name} {run.task.version}, this cramboard has {task.spec.version}; "
            "install the cramboard that has that version"
        )
    samples = task.samples(None, [record.sample for record in records])
    page = render_run(run, summary, records, {sample.id: sample.text for sample in samples})
    path = output or run_dir / PAGE
    write_atomically(path, page)
    click.echo(str(path))
    if show:
        click.launch(str(path))
