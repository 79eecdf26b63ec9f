"""What is read from the Hub: commits, lists of files, files, whole snapshots."""

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cramboard.errors import InputError, MachineError
from cramboard.hub.failures import clear_hub_errors
from cramboard.hub.library import api


@dataclass(frozen=True)
class RemoteFile:
    """What the Hub says of a file without sending it: the sha256 of a large one, git's blob id of any other."""

    path: str
    sha256: str | None
    blob_id: str


def commit_of(repository: str, revision: str = "main") -> str | None:
    """Return the commit (40 hex digits) of a dataset's branch or tag; None if it has no such revision.

    Raises:
        InputError: If there is no such dataset.
        MachineError: If the Hub cannot be reached.
    """
    what = f"dataset {repository}"
    client = api(what)
    from huggingface_hub.errors import RevisionNotFoundError

    with clear_hub_errors(what):
        try:
            return client.dataset_info(repository, revision=revision).sha
        except RevisionNotFoundError:
            return None


def list_files(repository: str, revision: str) -> dict[str, RemoteFile]:
    """Return a dataset's files at a revision, by path.

    Raises:
        InputError: If there is no such dataset or revision.
        MachineError: If the Hub cannot be reached.
    """
    what = f"dataset {repository} at {revision}"
    client = api(what)
    from huggingface_hub.hf_api import RepoFile

    with clear_hub_errors(what):
        entries = list(client.list_repo_tree(repository, recursive=True, revision=revision, repo_type="dataset"))
    return {
        entry.path: RemoteFile(entry.path, entry.lfs.sha256 if entry.lfs else None, entry.blob_id)
        for entry in entries
        if isinstance(entry, RepoFile)
    }


def read_file(repository: str, revision: str, path: str) -> bytes:
    """Return the bytes of a dataset's file; nothing of it stays in huggingface_hub's cache.

    Whether they are the right ones is for the caller to check.

    Raises:
        InputError: If there is no such dataset, revision or file.
        MachineError: If the Hub cannot be reached, or the file breaks off.
    """
    what = f"{path} of the dataset {repository} at {revision}"
    client = api(what)
    # A damaged download must not be found in a cache the next time.
    with clear_hub_errors(what), tempfile.TemporaryDirectory(prefix="cramboard-") as folder:
        file = client.hf_hub_download(
            repository, path, revision=revision, repo_type="dataset", cache_dir=folder, etag_timeout=10
        )
        return Path(file).read_bytes()


def download(
    repository: str, revision: str, wanted: Sequence[str], kind: str = "decoder", at_most_bytes: int | None = None
) -> Path:
    """Return the folder, in huggingface_hub's cache, of a model repository's files whose names match `wanted`.

    What is in the cache whole serves when the Hub cannot be reached. `kind` says in errors what is asked for. With
    `at_most_bytes`, `wanted` are names, and one that is larger is not begun: a stranger's may be as large as a disk.

    Raises:
        InputError: If there is no such repository or revision, or a file is too large.
        MachineError: If it is not in the cache and the Hub cannot be reached.
    """
    what = f"{kind} {repository} at {revision[:12]}"
    try:
        client = api(what)
        with clear_hub_errors(what):
            if at_most_bytes is not None:
                _check_sizes(client.get_paths_info(repository, list(wanted), revision=revision), at_most_bytes, what)
            return Path(client.snapshot_download(repository, revision=revision, allow_patterns=list(wanted)))
    except MachineError as unreachable:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import LocalEntryNotFoundError

        try:
            return Path(
                snapshot_download(repository, revision=revision, allow_patterns=list(wanted), local_files_only=True)
            )
        except LocalEntryNotFoundError:
            raise MachineError(f"{unreachable} (nor is it whole in the Hub's cache on this machine)") from None


def _check_sizes(entries: Iterable[Any], at_most_bytes: int, what: str) -> None:
    """Refuse what the Hub says is larger; a folder has no size of its own."""
    for entry in entries:
        size = getattr(entry, "size", 0)
        if size > at_most_bytes:
            raise InputError(f"{what}: has {size} bytes there, not {at_most_bytes} as declared; correct bytes")
