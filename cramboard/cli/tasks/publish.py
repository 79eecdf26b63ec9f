"""`cramboard tasks publish`."""

import click

from cramboard.errors import InputError


@click.command("publish")
@click.option("--repo", "repository", required=True, metavar="ORG/NAME", help="The Hub dataset to publish to.")
@click.option("--private", is_flag=True, help="Make it a private dataset.")
def command(repository: str, private: bool) -> None:
    """Publish all built tasks as one dataset on the Hub.

    Its version is in tasks/dataset.yaml. Publishing the same data again changes nothing; other data needs a new
    version.
    """
    from cramboard import files
    from cramboard.tasks import load_task, read_spec, task_folder, task_names
    from cramboard.tasks.dataset import pin_line, read_dataset, write_pin
    from cramboard.tasks.published.contents import contents
    from cramboard.tasks.published.publishing import publish

    dataset = read_dataset()
    specs = [read_spec(task_folder(name)) for name in task_names()]
    tasks = [load_task(spec.name) for spec in specs if spec.manifest_sha256 is not None]
    for spec in specs:
        if spec.manifest_sha256 is None:
            click.echo(f"left out: {spec.name} is not built yet (cramboard tasks build {spec.name})", err=True)
    if not tasks:
        raise InputError("no task is built; build one first: cramboard tasks build NAME")
    outcome = publish(dataset, contents(dataset, tasks, repository), repository, private)
    done = "published" if outcome.changed else "is there already, the same to the byte:"
    click.echo(f"{repository} {dataset.version} {done} {', '.join(task.spec.name for task in tasks)}", err=True)
    if files.in_clone():
        write_pin(outcome.pin)
    click.echo(pin_line(outcome.pin))
