"""`cramboard tasks reveal`."""

from pathlib import Path

import click

from cramboard.cli import options


@click.command("reveal")
@click.argument("sealed", type=click.Path(path_type=Path))
@click.option("--commitment", type=click.Path(path_type=Path),
              help="The published commitment; commitment.json beside sealed.json by default.")  # fmt: skip
@options.offline
def command(sealed: Path, commitment: Path | None) -> None:
    """Prove that a sealed set is the one that was committed to.

    SEALED is a sealed.json or the folder that has it. The commitment is computed again, and every sample is drawn
    again from the source by the task's rule. Anyone who has the two files can do it; publishing sealed.json is the
    reveal.
    """
    from cramboard.tasks import load_task
    from cramboard.tasks.sealing import COMMITMENT, SEALED, check_commitment, check_draw, read_commitment, read_sealed

    path = sealed / SEALED if sealed.is_dir() else sealed
    found = read_sealed(path)
    published = read_commitment(commitment or path.with_name(COMMITMENT))
    check_commitment(found, published)
    check_draw(load_task(found.task.name), found)
    click.echo(
        f"Proven: {len(found.samples)} samples of {found.task.name} {found.task.version} are the sealed set "
        f"{found.name} that was committed to on {published.sealed_on}\n"
        f"Commitment: {published.commitment}\n"
        f"Publish:    {path}"
    )
