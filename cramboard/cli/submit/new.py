"""`cramboard submit new`."""

import click


@click.command("new")
@click.argument("slug")
def command(slug: str) -> None:
    """Write submissions/SLUG in the current clone: a skeleton that passes every check as it stands."""
    from cramboard.submit.clone import submissions_folder
    from cramboard.submit.new import new

    folder = new(submissions_folder(), slug)
    click.echo(f"Written:  {folder}\nNext:     put your encoder there, then: cramboard submit check submissions/{slug}")
