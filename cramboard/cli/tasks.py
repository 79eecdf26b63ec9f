"""`cramboard tasks`: what there is to cram, and where it comes from."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from cramboard.tasks import Sample, Task


@click.group("tasks")
def command() -> None:
    """Show the tasks and their samples."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_tasks(as_json: bool) -> None:
    """List the tasks."""
    from cramboard.tasks import load_task, task_names

    tasks = [load_task(name) for name in task_names()]
    if as_json:
        _print_json([{**task.spec.model_dump(mode="json"), "samples": _counts(task)} for task in tasks])
        return
    _print_table(
        ["name", "version", "samples", "lengths (tokens)", "licence"],
        [
            [
                task.spec.name,
                task.spec.version,
                _say_counts(task),
                ", ".join(map(str, task.spec.lengths)),
                task.spec.licence.partition(";")[0],
            ]
            for task in tasks
        ],
    )


@command.command("show")
@click.argument("name")
@click.option("--sample", "sample_id", metavar="ID", help="Print one sample: where it is from, and its text.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show_task(name: str, sample_id: str | None, as_json: bool) -> None:
    """Show the task NAME and list its samples, or print one of them."""
    from cramboard.tasks import load_task

    task = load_task(name)
    if sample_id is not None:
        [sample] = task.samples(split=None, ids=[sample_id])
        _show_sample(task, sample, as_json)
        return
    if as_json:
        samples = [line.model_dump(mode="json") for line in task.lines]
        _print_json({**task.spec.model_dump(mode="json"), "samples": samples})
        return
    spec = task.spec
    _print_fields(
        {
            "task": f"{spec.name} {spec.version}",
            "title": spec.title,
            "description": spec.description,
            "samples": _say_counts(task),
            "lengths": ", ".join(map(str, spec.lengths)) + " tokens",
            "language": spec.language,
            "dates": spec.dates,
            "licence": spec.licence,
            "source": str(spec.source),
            "builder": spec.builder,
            "rule": spec.rule,
            "manifest": f"sha256 {spec.manifest_sha256}",
        }
    )
    click.echo()
    _print_table(
        ["sample", "split", "author", "date", "characters"],
        [[line.id, line.split, line.author, line.date, f"{line.characters:,}"] for line in task.lines],
    )


def _show_sample(task: "Task", sample: "Sample", as_json: bool) -> None:
    fields = {
        "sample": sample.id,
        "task": f"{task.spec.name} {task.spec.version}",
        "split": sample.split,
        "author": sample.author,
        "date": sample.date,
        "origin": sample.origin,
        "source": str(task.spec.source),
        "licence": sample.licence,
        "sha256": sample.sha256,
    }
    if as_json:
        _print_json({**fields, "text": sample.text})
        return
    _print_fields(fields)
    click.echo(f"\n{sample.text}")


def _counts(task: "Task") -> dict[str, int]:
    return dict(Counter(line.split for line in task.lines))


def _say_counts(task: "Task") -> str:
    return ", ".join(f"{count} {split}" for split, count in _counts(task).items())


def _print_fields(fields: dict[str, str]) -> None:
    indent = max(map(len, fields)) + 2
    for field, value in fields.items():
        first, others = field.ljust(indent), " " * indent
        click.echo(click.wrap_text(value, width=100, initial_indent=first, subsequent_indent=others))


def _print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table: fitted to a terminal, and at its full width into a file or a pipe."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if not console.is_terminal:
        widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
        console = Console(width=sum(widths) + 3 * len(widths))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading in headings:
        table.add_column(heading, no_wrap=heading == headings[0], overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=1, ensure_ascii=False))
