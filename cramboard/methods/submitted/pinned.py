"""Get a file that a submission pins, and hold it to its sha256."""

from functools import cache
from pathlib import Path

from cramboard.errors import InputError
from cramboard.files import sha256_file
from cramboard.hub import download
from cramboard.schema import PinnedFile
from cramboard.submission import SPEC_FILE, Submission


def pinned_path(submission: Submission, pinned: PinnedFile) -> Path:
    """Return where the file lies, downloading it if it is of the Hub and not cached.

    Raises:
        InputError: If there is no such file, or its bytes are not the declared ones.
        SubmissionError: If it is of the submission's folder and a link.
        MachineError: If the Hub cannot be reached.
    """
    if pinned.repository is None or pinned.revision is None:
        path = submission.own_file(pinned.file)
    else:
        folder = download(
            pinned.repository, pinned.revision, [pinned.file], f"file {pinned.file} of", at_most_bytes=pinned.bytes
        )
        path = (folder / pinned.file).resolve()  # The Hub's cache is of links.
    if not path.is_file():
        raise InputError(
            f"{submission.folder / SPEC_FILE}: file {pinned.file} is not there; add it, or correct its name"
        )
    facts = path.stat()
    sha256 = _sha256(path, facts.st_size, facts.st_mtime_ns)
    if facts.st_size != pinned.bytes or sha256 != pinned.sha256:
        raise InputError(
            f"{submission.folder / SPEC_FILE}: file {pinned.file} has {facts.st_size} bytes and sha256 "
            f"{sha256}, not the declared ones; correct bytes and sha256"
        )
    return path


@cache
def _sha256(path: Path, size: int, changed: int) -> str:
    """Return the sha256 of a file; one that is as it was is not read again for every process that is given it."""
    return sha256_file(path)
