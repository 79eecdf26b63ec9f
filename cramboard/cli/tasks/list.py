"""`cramboard tasks list`."""

import click

from cramboard.cli.output import print_json, print_table
from cramboard.cli.tasks.counts import say_counts, split_counts


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> None:
    """List the tasks."""
    from cramboard.tasks import load_task, task_names

    tasks = [load_task(name) for name in task_names()]
    if as_json:
        print_json([{**task.spec.model_dump(mode="json"), "samples": split_counts(task)} for task in tasks])
        return
    print_table(
        ["name", "version", "samples", "lengths (tokens)", "licence"],
        [
            [
                task.spec.name,
                task.spec.version,
                say_counts(task),
                ", ".join(map(str, task.spec.lengths)),
                task.spec.licence.partition(";")[0],
            ]
            for task in tasks
        ],
    )
