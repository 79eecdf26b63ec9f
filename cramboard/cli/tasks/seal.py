"""`cramboard tasks seal`."""

from pathlib import Path

import click

from cramboard.cli import options


@click.command("seal")
@click.argument("name")
@click.option("--name", "set_name", required=True, help="Name of the sealed set, such as 2027-1.")
@click.option("--samples", type=click.IntRange(1), default=50, show_default=True, help="How many samples.")
@click.option("--secret-file", type=click.Path(path_type=Path),
              help="File with the seed of the draw, 32 characters or more; a random one by default.")  # fmt: skip
@click.option("--spec", "spec_file", type=click.Path(path_type=Path),
              help="The task's task.yaml with another source of your choice.")  # fmt: skip
@click.option("--output-dir", type=click.Path(path_type=Path), required=True, help="A new folder; keep it private.")
@options.offline
def command(
    name: str, set_name: str, samples: int, secret_file: Path | None, spec_file: Path | None, output_dir: Path
) -> None:
    """Draw a private set of samples of task NAME, and commit to it.

    The samples are drawn by the rule of the task. The commitment reveals nothing about them.
    """
    from cramboard.files import read_text
    from cramboard.schema import TaskSpec, from_yaml_file
    from cramboard.tasks import load_task
    from cramboard.tasks.sealing import COMMITMENT, seal

    secret = read_text(secret_file, "secret").strip() if secret_file is not None else None
    spec = from_yaml_file(TaskSpec, spec_file, "task") if spec_file is not None else None
    commitment = seal(load_task(name), set_name, samples, output_dir, secret, spec)
    click.echo(
        f"Sealed:     {output_dir} ({samples} samples; keep it private)\n"
        f"Commitment: {commitment.commitment}\n"
        f"Publish:    {output_dir / COMMITMENT}\n"
        f"Run on it:  cramboard evaluate -t {name} --sealed {output_dir} ..."
    )
