"""Writing a task's manifest from its rule. Readers only ever check a manifest; nothing else changes one."""

import os
import re
from pathlib import Path

from cramboard import hub
from cramboard.errors import InputError, MachineError
from cramboard.files import read_text, write_atomically
from cramboard.keys import sha256_text
from cramboard.schema import HubDatasetSource, TaskSpec, to_jsonl
from cramboard.tasks.building import builder_of
from cramboard.tasks.plan import Plan
from cramboard.tasks.sources import open_source
from cramboard.tasks.task import MANIFEST_FILE, SPEC_FILE, Task, read_spec, read_task


def redraw(spec: TaskSpec, given: Path | None = None) -> str:
    """Return the manifest (the bytes of manifest.jsonl) that a task's rule gives, from its source or a copy of it.

    Raises:
        InputError: If the builder is unknown.
        MachineError: If the source cannot be reached, or its package is missing or has another version.
    """
    drawn = builder_of(spec).draw(open_source(spec.source, given), Plan(spec.splits))
    return to_jsonl([line for line, _ in drawn])


def draft(folder: Path, given: Path | None = None) -> Task:
    """(Re)write manifest.jsonl of the task in `folder`, and its sha256 in task.yaml; the rest of it stays.

    A new task starts with a task.yaml whose manifest_sha256 is null; a Hub dataset whose revision is null is pinned
    at its newest one. The manifest is written first: if the process dies between the two files, the task counts as
    not drawn, or is refused until this runs again.

    Raises:
        InputError: If task.yaml is damaged or the builder is unknown.
        MachineError: If the source cannot be reached, or the folder cannot be written.
    """
    spec = read_spec(folder)
    if not os.access(folder, os.W_OK):
        raise MachineError(
            f"{folder}: task {spec.name} cannot be written here; build it in a clone of cramboard, or install "
            "cramboard into an environment of your own"
        )
    path = folder / SPEC_FILE
    text = read_text(path, "task")
    if isinstance(spec.source, HubDatasetSource) and spec.source.revision is None:
        revision = hub.commit_of(spec.source.repository)
        if revision is None:
            raise InputError(f"dataset {spec.source.repository}: it has no branch main; pin a revision in {path}")
        text = _with(path, text, "revision", revision)
        spec = spec.model_copy(update={"source": spec.source.model_copy(update={"revision": revision})})
    manifest = redraw(spec, given)
    text = _with(path, text, "manifest_sha256", sha256_text(manifest))
    write_atomically(folder / MANIFEST_FILE, manifest)
    write_atomically(path, text)
    return read_task(folder)


def _with(path: Path, text: str, field: str, value: str) -> str:
    """Return the YAML `text` with `value` for the field, which stands on one line of its own and may be null."""
    pattern = re.compile(rf"^([ \t]*{field}:)[ \t]*\S+[ \t]*$", re.MULTILINE)
    changed, lines = pattern.subn(rf'\1 "{value}"', text)
    if lines != 1:
        raise InputError(f"{path}: field {field}: it must stand on one line of its own; put it there")
    return changed
