"""Writing a task's manifest from its rule. Readers only ever check a manifest; nothing else changes one."""

import re
from pathlib import Path

from cramboard.errors import InputError
from cramboard.files import read_text, write_atomically
from cramboard.keys import sha256_text
from cramboard.schema import TaskSpec, to_jsonl
from cramboard.tasks.building import builder_of
from cramboard.tasks.plan import Plan
from cramboard.tasks.sources import open_source
from cramboard.tasks.task import MANIFEST_FILE, SPEC_FILE, Task, read_spec, read_task

_DIGEST = re.compile(r"^manifest_sha256:[ \t]*\S+[ \t]*$", re.MULTILINE)


def redraw(spec: TaskSpec, given: Path | None = None) -> str:
    """Return the manifest (the bytes of manifest.jsonl) that a task's rule gives, from its source or a copy of it.

    Raises:
        InputError: If the builder is unknown.
        MachineError: If the package that carries the texts is missing or has another version.
    """
    drawn = builder_of(spec).draw(open_source(spec.source, given), Plan(spec.splits))
    return to_jsonl([line for line, _ in drawn])


def draft(folder: Path, given: Path | None = None) -> Task:
    """(Re)write manifest.jsonl of the task in `folder`, and its sha256 in task.yaml; the rest of it stays.

    A new task starts with a task.yaml whose manifest_sha256 is null. The manifest is written first: if the process
    dies between the two files, the task counts as not drawn, or is refused until this runs again.

    Raises:
        InputError: If task.yaml is damaged or the builder is unknown.
        MachineError: If the package of the texts is not there, or the folder cannot be written.
    """
    manifest = redraw(read_spec(folder), given)
    path = folder / SPEC_FILE
    pinned, lines = _DIGEST.subn(f'manifest_sha256: "{sha256_text(manifest)}"', read_text(path, "task"))
    if lines != 1:
        raise InputError(f"{path}: field manifest_sha256: it must stand on one line of its own; put it there")
    write_atomically(folder / MANIFEST_FILE, manifest)
    write_atomically(path, pinned)
    return read_task(folder)
