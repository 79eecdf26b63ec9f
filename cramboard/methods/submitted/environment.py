"""The interpreter and libraries of an encoder: cramboard's own, or those of its pinned requirements.

Requirements are installed before anything is isolated, so nothing of a submission may run then: only wheels are
taken, every line names one exact version, and nothing that is not listed comes along.
"""

import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from cramboard.errors import InputError
from cramboard.files import cache_folder, locked, read_text
from cramboard.keys import key
from cramboard.submission import Submission
from cramboard.tasks import text_packages

# name[extras]==version, with a marker and hashes if its author likes; no options, addresses or paths.
_LINE = re.compile(
    r"[A-Za-z0-9][\w.-]*(\[[\w,.\s-]*\])?\s*==\s*[\w.!+-]+(\s*;[\w\s.<>=!'\"()-]+)?(\s+--hash=sha256:[0-9a-f]{64})*"
)
_INSIDE = "/environment"
_READY = "ready"
_SECONDS = 1800


def environment(submission: Submission) -> tuple[str, dict[str, Path]]:
    """Return the interpreter's inside path, and what is to be readable for it beyond what every process reads.

    Raises:
        InputError: If a line of the requirements is not pinned, or they cannot be installed.
        SubmissionError: If they are a link.
    """
    encoder = submission.spec.encoder
    if encoder is None or encoder.requirements is None:
        return sys.executable, {}
    lines = requirement_lines(submission.own_file(encoder.requirements))
    return f"{_INSIDE}/bin/python", {_INSIDE: _installed(submission.slug, lines)}


def requirement_lines(path: Path) -> list[str]:
    """Return the requirements in `path`, without comments.

    Raises:
        InputError: If a line is not `name==version`, or names a package with the texts of a task; it is named.
    """
    joined = re.sub(r"\\\r?\n", " ", read_text(path, "requirements file"))
    lines = [re.sub(r"(^|\s)#.*", "", line).strip() for line in joined.splitlines()]
    for line in filter(None, lines):
        if not _LINE.fullmatch(line):
            raise InputError(f"{path}: {line!r} is not pinned; write name==version, and list every package needed")
        name = re.split(r"[^\w.-]", line, maxsplit=1)[0]
        if re.sub(r"[-_.]+", "-", name).lower() in text_packages():
            raise InputError(f"{path}: {name}: holds the texts of a task; remove it")
    return [line for line in lines if line]


def _installed(slug: str, lines: list[str]) -> Path:
    """Return the virtual environment that holds `lines`, made if it is not in the cache; one process makes it."""
    place = cache_folder() / "environments" / key([lines, sys.version])[:32]
    folder = place / "venv"
    if not (folder / _READY).exists():
        with locked(place, wait=True):
            if not (folder / _READY).exists():
                _install(slug, lines, folder)
    return folder


def _install(slug: str, lines: list[str], folder: Path) -> None:
    """Make the virtual environment `folder`; what a process that died left of it goes first."""
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True, symlinks=True)
    listed = folder / "requirements.txt"
    listed.write_text("\n".join(lines) + "\n", encoding="utf-8")
    # Isolated: a file pip.py in the current folder, which may be a stranger's clone, must not stand for pip.
    words = ["-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    words += ["--only-binary", ":all:", "--requirement", str(listed)]
    try:
        done = subprocess.run(
            [str(folder / "bin" / "python"), *words], capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        shutil.rmtree(folder, ignore_errors=True)
        raise InputError(f"submission {slug}: its requirements took more than {_SECONDS} seconds to install") from None
    if done.returncode != 0:
        said = next((line for line in reversed(done.stderr.splitlines()) if "error" in line.lower()), "pip failed")
        shutil.rmtree(folder, ignore_errors=True)
        raise InputError(f"submission {slug}: its requirements cannot be installed as wheels: {said.strip()[:300]}")
    (folder / _READY).touch()
