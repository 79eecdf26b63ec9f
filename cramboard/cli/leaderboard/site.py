"""What both leaderboard commands do: read everything, build the site, and put it where it was asked for."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cramboard.cli import options as shared
from cramboard.cli.output import printable
from cramboard.errors import InputError

if TYPE_CHECKING:
    from cramboard.board.site import Around

OPTIONS = (
    shared.offline,
    click.option("-o", "--output-dir", type=click.Path(path_type=Path), default=Path("site"), show_default=True,
                 help="Folder for the site; an older site there is replaced."),
    click.option("--submissions", type=click.Path(path_type=Path),
                 help="Folder of the submissions; those of this project by default."),
    click.option("--with", "runs", type=click.Path(path_type=Path), multiple=True, metavar="RUN_DIR",
                 help="Also show this finished run, unranked; may be repeated."),
    click.option("--allow-broken", is_flag=True, help="Leave out broken results instead of failing."),
)  # fmt: skip


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of building."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def make_site(output: Path, submissions: Path | None, runs: Sequence[Path], allow_broken: bool) -> int:
    """Build the site in `output` and return how many results it shows.

    Raises:
        InputError: If a result is broken and that is not allowed, or `output` holds something else.
    """
    from cramboard.board.site import Found, Tasks, build_site, local_submission, read_submissions
    from cramboard.files import data_folder

    _check_free(output)
    tasks = Tasks()
    folder = submissions or data_folder("submissions")
    # An installed wheel has no submissions: it shows the runs that are given, and the published figures.
    found = read_submissions(folder, tasks) if submissions or folder.is_dir() else Found((), ())
    for line in found.broken:
        click.echo(f"cramboard: left out: {printable(line)}", err=True)
    if found.broken and not allow_broken:
        count = "one result is" if len(found.broken) == 1 else f"{len(found.broken)} results are"
        raise InputError(f"{count} broken; fix what is named above, or build with --allow-broken")
    shown = list(found.submissions)
    for run in runs:
        shown.append(local_submission(run, {submission.slug for submission in shown}, tasks))
    _write(output, build_site(shown, tasks, around()))
    return sum(len(submission.results) for submission in shown)


def around() -> "Around":
    """Return what this project puts around submissions: rules, published figures, changelog, citation."""
    from cramboard.board.site import Around, Rules
    from cramboard.decoders import decoder_names, find_decoder
    from cramboard.files import data_folder, read_text
    from cramboard.schema import DecoderRef, Reported, from_yaml_file
    from cramboard.verify import VERIFIER_VERSION

    specs = [place.spec for name in decoder_names() if (place := find_decoder(name)).spec]
    listed = [DecoderRef(name=s.name, tensors_sha256=s.tensors_sha256, anchor=s.anchor) for s in specs if s]
    board = data_folder("leaderboard")
    return Around(
        rules=Rules(tuple(listed), VERIFIER_VERSION),
        reported=from_yaml_file(Reported, board / "reported.yaml", "file of published figures"),
        changelog=read_text(_beside(board, "CHANGELOG.md"), "changelog"),
        citation=read_text(_beside(board, "CITATION.cff"), "citation"),
    )


def _beside(board: Path, name: str) -> Path:
    """Return a file of the project's root: beside the board's folder in a clone, in it in a wheel."""
    return board / name if (board / name).exists() else board.parent / name


def _check_free(output: Path) -> None:
    from cramboard.board.site import MARKER

    if output.is_dir() and any(output.iterdir()) and not (output / MARKER).is_file():
        raise InputError(f"{output}: holds something other than a site; choose another --output-dir")
    if output.exists() and not output.is_dir():
        raise InputError(f"{output}: is a file; choose another --output-dir")
    if Path.cwd().is_relative_to(output.resolve()):
        raise InputError(
            f"{output}: is or holds the folder that you stand in, which would be replaced; choose another --output-dir"
        )


def _write(output: Path, files: dict[str, bytes]) -> None:
    """Write the site beside the old one, then put it in its place."""
    from cramboard.files import clear_os_errors

    staging = output.with_name(f".{output.name}.new")
    with clear_os_errors(output):
        shutil.rmtree(staging, ignore_errors=True)
        for path, data in files.items():
            file = staging / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        if output.exists():
            shutil.rmtree(output)
        staging.rename(output)
