"""`cramboard submit new`."""

import click


@click.command("new")
@click.argument("slug")
def command(slug: str) -> None:
    """Write submissions/SLUG, a skeleton that passes every check.

    Run it in a clone.
    """
    from cramboard.submit.clone import submissions_folder
    from cramboard.submit.new import new

    folder = new(submissions_folder(), slug)
    click.echo(f"Written:  {folder}\nNext:     put your encoder there, then: cramboard submit check submissions/{slug}")
