"""All that is checked about a submission before it is evaluated, in under two minutes on a CPU."""

from dataclasses import dataclass
from pathlib import Path

from cramboard.errors import CramboardError, InputError, MachineError
from cramboard.run import Observer
from cramboard.submission import LEFT_BY_PYTHON, RESULTS, read_submission
from cramboard.submit.clone import SUBMISSIONS, Change, changes, submissions_folder
from cramboard.submit.folder import folder_problems
from cramboard.submit.new import unchanged
from cramboard.submit.trial import too_large, trial_problems


@dataclass(frozen=True)
class Checked:
    """What was checked: `problems` are to be mended, `notes` say what was overlooked, or not looked at."""

    folder: Path
    problems: tuple[str, ...]
    notes: tuple[str, ...]


def check(folder: Path | None, base: str | None, unsandboxed: bool, observer: Observer) -> Checked:
    """Check the submission in `folder`, by default the one that the clone adds to the main branch.

    The encoder is run only if nothing else is to be mended.

    Raises:
        InputError: If there is no such submission, or its fields do not fit the schema.
        MachineError: If its encoder cannot be run here: no sandbox, or weights that the Hub does not give.
    """
    folder = folder.absolute() if folder is not None else _added(base)
    submission = read_submission(folder)
    notes = [f"{line} is still the skeleton's" for line in unchanged(submission)]
    found = changes(folder, base)
    if found is None:
        notes.append("not in a clone with a main branch: what else the pull request changes was not checked")
    problems = [*folder_problems(submission), *_change_problems(found or [], folder.name)]
    encoder = submission.spec.encoder
    if encoder is not None and not problems:
        if why := too_large(submission.spec):
            notes.append(f"{why}: the trial run on a CPU is left out, evaluation will show")
        else:
            observer.stage("running the encoder against a tiny decoder")
            try:
                problems += trial_problems(submission, unsandboxed)
            except MachineError:  # Nothing to mend in the submission: no sandbox here, or the Hub is out of reach.
                raise
            except CramboardError as error:
                problems.append(str(error))
    return Checked(folder, tuple(problems), tuple(notes))


def _added(base: str | None) -> Path:
    """Return the one submission that the clone changes."""
    root = submissions_folder()
    found = changes(root, base) or []
    parts = [Path(change.path).parts for change in found]
    slugs = {part[1] for part in parts if part[0] == SUBMISSIONS and len(part) > 2}
    if len(slugs) != 1:
        there = ", ".join(sorted(slugs)) or "none"
        raise InputError(f"{root}: one submission is to be checked, the clone adds {there}; name its folder")
    return root / slugs.pop()


def _change_problems(found: list[Change], slug: str) -> list[str]:
    """Say what a pull request may not change: it adds exactly one folder, without results."""
    problems = []
    own = f"{SUBMISSIONS}/{slug}/"
    for change in found:
        if f"{change.path}/".startswith(f"{own}{RESULTS}/"):
            problems.append(f"{own}{RESULTS}/: results are written by the evaluation alone; take it out")
        elif not change.path.startswith(own):
            problems.append(f"{change.path}: a submission adds the folder {own} and nothing else; take it out")
        elif change.repository:
            problems.append(f"{change.path}: is a submodule; put the files themselves there")
        elif LEFT_BY_PYTHON in Path(change.path).parts:
            problems.append(f"{change.path}: compiled code is not taken; take it out")
        elif not change.added:
            problems.append(f"{change.path}: is on the main branch already; a changed encoder is a new submission")
    return list(dict.fromkeys(problems))
