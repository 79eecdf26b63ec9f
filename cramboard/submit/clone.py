"""The clone that a person stands in: where its submissions are, and what it changes against the main branch."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from cramboard.errors import InputError, MachineError

SUBMISSIONS = "submissions"
_MAIN = ("origin/main", "main")
_SECONDS = 300
_ANOTHER_REPOSITORY = "160000"  # the mode of a submodule


@dataclass(frozen=True)
class Change:
    """A path that differs from the main branch.

    `added` if it is not there; `repository` if it stands for another repository's commit.
    """

    path: str
    added: bool
    repository: bool = False


def submissions_folder() -> Path:
    """Return the folder `submissions` of the clone that holds the current folder.

    Raises:
        InputError: If there is none.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / SUBMISSIONS).is_dir():
            return folder / SUBMISSIONS
    raise InputError(f"{here}: not in a clone of cramboard (no folder {SUBMISSIONS}); change to your clone")


def changes(folder: Path, base: str | None = None) -> list[Change] | None:
    """Return what the clone that holds `folder` changes against the main branch, committed or not.

    Args:
        folder: A folder of the clone.
        base: The main branch; `origin/main`, else `main`, by default.

    Returns:
        None if the folder is in no clone, or the clone has no main branch.

    Raises:
        InputError: If `base` is given and is no branch or commit of the clone, or git cannot tell what differs.
        MachineError: If git does not end.
    """
    start = _base(folder, base)
    if start is None:
        return None
    root = Path((_git(folder, "rev-parse", "--show-toplevel") or "").strip() or folder)
    differing = _git(root, "diff", "-z", "--no-renames", "--ignore-submodules=none", "--raw", "--no-abbrev", start)
    others = _git(root, "ls-files", "-z", "--others", "--exclude-standard")
    if differing is None or others is None:
        raise InputError(f"{root}: git cannot tell what differs from the main branch; see what git status says")
    # Of each path first `:mode mode object object status`, as they were and as they are.
    words = differing.split("\0")
    found = [
        Change(path, status.endswith("A"), status.split()[1] == _ANOTHER_REPOSITORY)
        for status, path in zip(words[::2], words[1::2], strict=False)
    ]
    return [*found, *(Change(path, added=True) for path in others.split("\0") if path)]


def _base(folder: Path, base: str | None) -> str | None:
    """Return the commit at which the clone left the main branch."""
    for name in (base,) if base is not None else _MAIN:
        commit = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        if commit is not None:
            joined = _git(folder, "merge-base", commit.strip(), "HEAD")
            return joined.strip() if joined is not None else commit.strip()
    if base is not None:
        raise InputError(f"--base {base}: no branch or commit of this clone; fetch it, or name another")
    return None


def _git(folder: Path, *words: str) -> str | None:
    """Return what git says, None if it fails or is not installed.

    Raises:
        MachineError: If it does not end: that is no answer, and above all not that nothing differs.
    """
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words],
            capture_output=True, encoding="utf-8", errors="surrogateescape", check=True, timeout=_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise MachineError(f"{folder}: git {words[0]} took longer than {_SECONDS} seconds; try again") from None
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
