"""`cramboard tasks list`."""

import re

import click

from cramboard.cli.output import print_json, print_table
from cramboard.cli.tasks.counts import say_counts

# What a licence says beyond its name: the row has no room for it, `tasks show` prints it whole.
_ASIDE = re.compile(r"[;,]| \(")


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> None:
    """List the tasks, including those that are not built yet."""
    from cramboard.tasks import load_task, read_spec, task_folder, task_names

    specs = [read_spec(task_folder(name)) for name in task_names()]
    tasks = {spec.name: load_task(spec.name) for spec in specs if spec.manifest_sha256 is not None}
    if as_json:
        print_json(
            [
                {**spec.model_dump(mode="json"), "samples": tasks[spec.name].counts if spec.name in tasks else None}
                for spec in specs
            ]
        )
        return
    print_table(
        ["name", "version", "samples", "lengths (tokens)", "licence"],
        [
            [
                spec.name,
                spec.version,
                say_counts(tasks[spec.name]) if spec.name in tasks else "not built yet",
                ", ".join(map(str, spec.lengths)),
                _ASIDE.split(spec.licence, maxsplit=1)[0],
            ]
            for spec in specs
        ],
    )
