"""A run of this machine, shown beside the committed results and never ranked."""

from collections.abc import Collection
from pathlib import Path

from cramboard.board.site.entries import Submission, path_name
from cramboard.board.site.read import Tasks, read_result
from cramboard.results.words import plain
from cramboard.schema import Plan, SubmissionSpec

_LONGEST = 100
_DESCRIPTION = "A run of this machine, shown beside the committed results. It is part of no submission and has no rank."


def local_submission(folder: Path, taken: Collection[str], tasks: Tasks) -> Submission:
    """Read the finished run in `folder` as a submission of its own, under a slug that is not `taken`.

    Raises:
        InputError: If it is not finished or not whole.
    """
    number = 1
    while (slug := f"local-{number}") in taken:
        number += 1
    result = read_result(folder, slug, tasks)
    run = result.run
    # What cannot be seen is spelt out, and then longer than it was.
    name = plain(f"This machine: {folder.resolve().name}")
    spec = SubmissionSpec(
        name=name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…",
        authors=("you",),
        description=_DESCRIPTION,
        licence="none",
        kind="optimisation",
        method=run.method.name,
        # Submissions name listed decoders, this run may have any; pages show the run's own name for it.
        decoders=(path_name(run.decoder.name).lstrip("._-") or "other",),
        plans=(Plan(k=run.k, span=run.span or max((record.span for record in result.records), default=1)),),
        training_data="none",
    )
    return Submission(slug, spec, (result,), local=True)
