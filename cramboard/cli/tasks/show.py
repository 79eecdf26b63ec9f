"""`cramboard tasks show`."""

from typing import TYPE_CHECKING

import click

from cramboard.cli import options
from cramboard.cli.output import print_fields, print_json, print_table
from cramboard.cli.tasks.counts import say_counts

if TYPE_CHECKING:
    from cramboard.tasks import Sample, Task


@click.command("show")
@click.argument("name")
@click.option("--sample", "sample_id", metavar="ID", help="Print one sample: where it is from, and its text.")
@options.offline
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(name: str, sample_id: str | None, as_json: bool) -> None:
    """Show the task NAME and list its samples, or print one of them."""
    from cramboard.tasks import load_task

    task = load_task(name)
    if sample_id is not None:
        [sample] = task.samples(split=None, ids=[sample_id])
        _show_sample(task, sample, as_json)
        return
    if as_json:
        samples = [line.model_dump(mode="json") for line in task.lines]
        print_json({**task.spec.model_dump(mode="json"), "samples": samples})
        return
    spec = task.spec
    print_fields(
        {
            "task": f"{spec.name} {spec.version}",
            "title": spec.title,
            "description": spec.description,
            "samples": say_counts(task),
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
    print_table(
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
        print_json({**fields, "text": sample.text})
        return
    print_fields(fields)
    click.echo(f"\n{sample.text}")
