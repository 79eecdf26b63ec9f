"""Get a file that a submission pins, and hold it to its sha256."""

from functools import cache
from pathlib import Path

from cramboard.errors import InputError
from cramboard.files import sha256_file
from cramboard.schema import PinnedFile
from cramboard.submission import SPEC_FILE, Submission


def pinned_path(submission: Submission, pinned: PinnedFile) -> Path:
    """Return where the file lies, downloading it if it is of the Hub and not cached.

    Raises:
        InputError: If it is not to be had, or its bytes are not the declared ones.
    """
    path = _hub_file(pinned) if pinned.repository is not None else submission.folder / pinned.file
    if not path.is_file():
        raise InputError(f"{submission.folder / SPEC_FILE}: file {pinned.file} is not in the folder; add it")
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


def _hub_file(pinned: PinnedFile) -> Path:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    assert pinned.repository is not None
    try:
        return Path(hf_hub_download(pinned.repository, pinned.file, revision=pinned.revision))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise InputError(
            f"{pinned.repository} at {str(pinned.revision)[:12]}: file {pinned.file} is not to be had now ({reason}); "
            "check the id, the revision, the network and HF_TOKEN"
        ) from None
