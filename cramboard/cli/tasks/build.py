"""`cramboard tasks build`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cramboard.cli import options
from cramboard.cli.output import print_json, print_table, printable

if TYPE_CHECKING:
    from cramboard.tasks import Task
    from cramboard.tasks.rebuilding import Rebuilt


@click.command("build")
@click.argument("name")
@click.option("--source", type=click.Path(path_type=Path), metavar="PATH",
              help="A copy of the archives: a folder with packed or unpacked archives, or one archive.")  # fmt: skip
@click.option("--allow-missing", is_flag=True, help="Exit with 0 even if some samples cannot be built.")
@options.offline
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(name: str, source: Path | None, allow_missing: bool, as_json: bool) -> int:
    """Build every sample of task NAME from its source.

    Each text is checked against the manifest and kept in the cache. If the task has no manifest yet, its samples are
    drawn by its rule, and manifest.jsonl and its sha256 in task.yaml are written.
    """
    from cramboard.tasks import draft, load_task, read_spec, task_folder

    folder = task_folder(name)
    new = read_spec(folder).manifest_sha256 is None
    task = draft(folder, source) if new else load_task(name)
    rebuilt = _rebuild(task, source)
    if as_json:
        missing = [{"sample": sample, "reason": reason} for sample, reason in rebuilt.missing.items()]
        print_json(
            {"task": name, "version": task.spec.version, "drawn": new, "built": rebuilt.built, "missing": missing}
        )
    else:
        _say(task, rebuilt, new)
    return 1 if rebuilt.missing and not allow_missing else 0


def _rebuild(task: "Task", source: Path | None) -> "Rebuilt":
    from rich.console import Console
    from rich.progress import Progress

    from cramboard.tasks.rebuilding import rebuild

    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        row = bar.add_task("building", total=len(task.lines))
        return rebuild(task, source, lambda done: bar.update(row, completed=done))


def _say(task: "Task", rebuilt: "Rebuilt", new: bool) -> None:
    if rebuilt.missing:
        rows = [[sample, printable(reason)] for sample, reason in rebuilt.missing.items()]
        print_table(["not built", "why"], rows)
        click.echo()
    drawn = "drawn, " if new else ""
    click.echo(f"{task.spec.name} {task.spec.version}: {drawn}{rebuilt.built} of {len(task.lines)} samples built")
