"""Publish the dataset: one commit, then a tag; the same bytes twice are nothing, other bytes need a new version.

The commit names its parent, so of two publishers at once only one commit is taken. The other reads again what is
there: the same bytes, and then it has nothing left to do, or others, and then it is refused. If a publisher dies
between the commit and the tag, the next one finds its bytes there and only tags them.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from cramboard import hub
from cramboard.errors import InputError, MachineError
from cramboard.hub import OvertakenError, RemoteFile
from cramboard.schema import DatasetSpec, HubPin, Model, TaskSpec, from_yaml
from cramboard.tasks.published.layout import DATASET, HUBS_OWN, version_tag
from cramboard.tasks.tables import same_table
from cramboard.tasks.task import SPEC_FILE

_ATTEMPTS = 5


@dataclass(frozen=True)
class Outcome:
    """Where the dataset is published, and whether this publisher changed anything there."""

    pin: HubPin
    changed: bool


def publish(dataset: DatasetSpec, made: Mapping[str, bytes], repository: str, private: bool) -> Outcome:
    """Publish the files `made` (path -> bytes) as the version of `dataset`.

    Raises:
        InputError: If that version, or a task's, holds other bytes, a newer one is there, or the token may not write.
        MachineError: If the Hub cannot be reached; typed again, the command goes on.
    """
    hub.create_dataset(repository, private)
    for _ in range(_ATTEMPTS):
        try:
            return _publish_once(dataset, made, repository)
        except OvertakenError:
            continue
    raise MachineError(f"dataset {repository}: others keep publishing to it; try again later")


def _publish_once(dataset: DatasetSpec, made: Mapping[str, bytes], repository: str) -> Outcome:
    tag = version_tag(dataset.version)
    tagged = hub.commit_of(repository, tag)
    if tagged is not None:
        _check_same(dataset, made, repository, tagged)
        return Outcome(HubPin(repository=repository, revision=tagged), changed=False)
    head = hub.commit_of(repository)
    if head is None:
        raise InputError(f"dataset {repository}: it has no branch main; make one on the Hub")
    there = hub.list_files(repository, head)
    version = _version_at(repository, head) if DATASET in there else None
    if version == dataset.version:
        _check_same(dataset, made, repository, head)
        hub.tag(repository, head, tag)
        return Outcome(HubPin(repository=repository, revision=head), changed=True)
    if version is not None and _numbers(version) > _numbers(dataset.version):
        raise InputError(
            f"dataset {repository}: it has version {version} already, and this is {dataset.version}; "
            "raise the version in tasks/dataset.yaml"
        )
    _check_tasks(made, repository, head, there)
    gone = sorted(there.keys() - made.keys() - HUBS_OWN)
    commit = hub.commit(repository, head, made, gone, f"Publish version {dataset.version}")
    hub.tag(repository, commit, tag)
    return Outcome(HubPin(repository=repository, revision=commit), changed=True)


def _check_same(dataset: DatasetSpec, made: Mapping[str, bytes], repository: str, revision: str) -> None:
    """Check that a revision holds just the files `made`; tables are judged by their rows.

    Raises:
        InputError: If it does not; the line names the first file that differs.
    """
    there = hub.list_files(repository, revision)
    for path in sorted((there.keys() | made.keys()) - HUBS_OWN):
        if path not in there or path not in made or not _same_file(there[path], made[path], repository, revision):
            raise InputError(
                f"dataset {repository}: version {dataset.version} is published with other bytes ({path} differs); "
                "raise the version in tasks/dataset.yaml"
            )


def _check_tasks(made: Mapping[str, bytes], repository: str, head: str, there: Mapping[str, RemoteFile]) -> None:
    """Check that a task whose samples differ from the published ones has another version.

    Raises:
        InputError: If one has not: results name a task by its version.
    """
    for path in sorted(there.keys() & made.keys()):
        if not path.endswith(f"/{SPEC_FILE}") or _same_file(there[path], made[path], repository, head):
            continue
        where = f"{path} of the dataset {repository}"
        old = _parsed(TaskSpec, hub.read_file(repository, head, path), where)
        new = _parsed(TaskSpec, made[path], path)
        if old.version == new.version and old.manifest_sha256 != new.manifest_sha256:
            raise InputError(
                f"dataset {repository}: {new.name} {new.version} is published with other samples; raise the version "
                f"in tasks/{path}"
            )


def _same_file(there: RemoteFile, data: bytes, repository: str, revision: str) -> bool:
    if there.sha256 is not None:
        same = there.sha256 == hashlib.sha256(data).hexdigest()
    else:
        same = there.blob_id == hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    # Another pyarrow writes other bytes for the same rows.
    return same or (
        there.path.endswith(".parquet") and same_table(hub.read_file(repository, revision, there.path), data)
    )


def _version_at(repository: str, revision: str) -> str:
    where = f"{DATASET} of the dataset {repository}"
    return _parsed(DatasetSpec, hub.read_file(repository, revision, DATASET), where).version


def _parsed(model: type[Model], data: bytes, where: str) -> Model:
    try:
        return from_yaml(model, data.decode("utf-8"), where)
    except UnicodeDecodeError:
        raise InputError(f"{where}: not UTF-8 text; restore it on the Hub") from None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
