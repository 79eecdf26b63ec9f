"""Every file of the published dataset, as bytes, made from the tasks."""

from collections.abc import Sequence

import yaml

from cramboard.errors import CramboardError, InputError
from cramboard.files import read_bytes
from cramboard.schema import DatasetSpec
from cramboard.tasks.published.card import card
from cramboard.tasks.published.columns import features, row
from cramboard.tasks.published.layout import CARD, DATASET, table_path
from cramboard.tasks.tables import to_parquet
from cramboard.tasks.task import MANIFEST_FILE, SPEC_FILE, Task, task_folder


def contents(dataset: DatasetSpec, tasks: Sequence[Task], repository: str) -> dict[str, bytes]:
    """Return path -> bytes of the whole dataset: the same from the same tasks on every machine.

    Raises:
        InputError, MachineError: If a task is not to be had whole; the line names the samples.
    """
    made: dict[str, bytes] = {}
    for task in tasks:
        made |= _task_files(task)
    made[CARD] = card(dataset, tasks, repository).encode()
    made[DATASET] = _dataset_file(dataset)
    return made


def _task_files(task: Task) -> dict[str, bytes]:
    name = task.spec.name
    if any(line.split == "sealed" for line in task.lines):
        raise InputError(f"task {name}: its manifest lists sealed samples, which are never published; take them out")
    try:
        samples = task.samples(split=None)
    except CramboardError as error:
        raise type(error)(f"task {name} is not whole and cannot be published: {error}") from None
    files = {f"{name}/{file}": read_bytes(task_folder(name) / file, "file") for file in (SPEC_FILE, MANIFEST_FILE)}
    for split in dict.fromkeys(sample.split for sample in samples):
        rows = [row(sample, task.spec) for sample in samples if sample.split == split]
        files[table_path(name, split)] = to_parquet(rows, features(task.spec))
    return files


def _dataset_file(dataset: DatasetSpec) -> bytes:
    """The dataset file without its pin: a commit cannot hold its own name."""
    unpinned = dataset.model_copy(update={"hub": None}).model_dump(mode="json")
    return yaml.safe_dump(unpinned, sort_keys=False, allow_unicode=True).encode()
