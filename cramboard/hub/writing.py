"""What is written to the Hub: datasets, commits that are whole or not at all, tags."""

from collections.abc import Mapping, Sequence

from cramboard.errors import InputError
from cramboard.hub.failures import clear_hub_errors
from cramboard.hub.library import api


class OvertakenError(Exception):
    """Someone else has written first: read again and decide anew."""


def create_dataset(repository: str, private: bool) -> None:
    """Make a dataset unless it is there.

    Raises:
        InputError: If the token may not, or it should be private and is there as a public one.
        MachineError: If the Hub cannot be reached.
    """
    what = f"dataset {repository}"
    client = api(what)
    with clear_hub_errors(what):
        client.create_repo(repository, repo_type="dataset", private=private, exist_ok=True)
        there = client.dataset_info(repository)
    if private and not there.private:
        raise InputError(f"{what}: it is there and public; leave out --private, or make it private on the Hub")


def commit(repository: str, parent: str, contents: Mapping[str, bytes], gone: Sequence[str], message: str) -> str:
    """Add or replace files (path -> bytes) and take away the paths `gone`, in one commit on top of `parent`.

    Returns:
        The new commit (40 hex digits).

    Raises:
        OvertakenError: If `parent` is no longer the newest commit; nothing was changed.
        InputError: If the token may not.
        MachineError: If the Hub cannot be reached; the commit is whole or not there.
    """
    what = f"dataset {repository}"
    client = api(what)
    from huggingface_hub import CommitOperation, CommitOperationAdd, CommitOperationDelete
    from huggingface_hub.errors import HfHubHTTPError

    operations: list[CommitOperation] = [CommitOperationAdd(path, data) for path, data in sorted(contents.items())]
    operations += [CommitOperationDelete(path, is_folder=False) for path in sorted(gone)]
    with clear_hub_errors(what):
        try:
            return client.create_commit(
                repository, operations, commit_message=message, repo_type="dataset", parent_commit=parent
            ).oid
        except HfHubHTTPError as error:
            if error.response.status_code in (409, 412):
                raise OvertakenError from None
            raise


def tag(repository: str, commit: str, name: str) -> None:
    """Name a commit.

    Raises:
        OvertakenError: If there is a tag of that name already.
        InputError: If the token may not.
        MachineError: If the Hub cannot be reached.
    """
    what = f"dataset {repository}"
    client = api(what)
    from huggingface_hub.errors import HfHubHTTPError

    with clear_hub_errors(what):
        try:
            client.create_tag(repository, tag=name, revision=commit, repo_type="dataset")
        except HfHubHTTPError as error:
            if error.response.status_code == 409:
                raise OvertakenError from None
            raise
