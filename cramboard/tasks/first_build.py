"""The first build of a task that cannot be built where cramboard is made: it pins what it finds.

Its task.yaml says neither the revision of its source nor the manifest's sha256 before; both are there after.
"""

import os
import re
from pathlib import Path

from cramboard import hub
from cramboard.errors import InputError, MachineError
from cramboard.files import read_text, write_atomically
from cramboard.keys import sha256_text
from cramboard.schema import HubDatasetSource, TaskSource, to_jsonl
from cramboard.tasks.building import builder_named
from cramboard.tasks.cache import keep_texts
from cramboard.tasks.plan import Plan
from cramboard.tasks.sources import open_source
from cramboard.tasks.task import MANIFEST_FILE, SPEC_FILE, Task, read_spec, read_task


def first_build(folder: Path) -> Task:
    """Draw the samples of the task in `folder`, write its manifest, and pin both it and the source in task.yaml.

    The manifest is written first: if the process dies between the two files, the task counts as not built, and
    building it again writes both. The texts are kept in the cache.

    Raises:
        InputError: If the task has a manifest already, or its source is not what it must be.
        MachineError: If the Hub cannot be reached, or the folder cannot be written.
    """
    spec = read_spec(folder)
    if spec.manifest_sha256 is not None:
        raise InputError(f"task {spec.name} is built already; its manifest is {folder / MANIFEST_FILE}")
    if not os.access(folder, os.W_OK):
        raise MachineError(
            f"{folder}: task {spec.name} cannot be written here; build it in a clone of cramboard, or install "
            "cramboard into an environment of your own"
        )
    source = _pinned(spec.source)
    drawn = builder_named(spec.builder).draw(open_source(source), Plan(spec.splits))
    manifest = to_jsonl([line for line, _ in drawn])
    text = _with(folder / SPEC_FILE, read_text(folder / SPEC_FILE, "task"), "manifest_sha256", sha256_text(manifest))
    if isinstance(source, HubDatasetSource) and source.revision is not None:
        text = _with(folder / SPEC_FILE, text, "revision", source.revision)
    write_atomically(folder / MANIFEST_FILE, manifest)
    write_atomically(folder / SPEC_FILE, text)
    keep_texts({line.sha256: sample for line, sample in drawn})
    return read_task(folder)


def _pinned(source: TaskSource) -> TaskSource:
    """Return `source` at the newest revision that there is, unless it is pinned or needs none."""
    if not isinstance(source, HubDatasetSource) or source.revision is not None:
        return source
    revision = hub.commit_of(source.repository)
    if revision is None:
        raise InputError(f"dataset {source.repository}: it has no branch main; pin a revision in task.yaml")
    return source.model_copy(update={"revision": revision})


def _with(path: Path, text: str, field: str, value: str) -> str:
    """Return the YAML `text` with `value` for the field, which stands on one line of its own and may be null."""
    pattern = re.compile(rf"^([ \t]*{field}:)[ \t]*\S+[ \t]*$", re.MULTILINE)
    changed, lines = pattern.subn(rf'\1 "{value}"', text)
    if lines != 1:
        raise InputError(f"{path}: field {field}: it must stand on one line of its own; put it there")
    return changed
