"""Building every sample of a task from its source, and saying which cannot be built and why."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cramboard.errors import InputError, MachineError
from cramboard.keys import sha256_text
from cramboard.tasks.building import builder_of
from cramboard.tasks.cache import keep_texts
from cramboard.tasks.sources import open_source
from cramboard.tasks.task import Task


@dataclass(frozen=True)
class Rebuilt:
    """What came of it: how many samples are built and kept, and why the others (by id) are not."""

    built: int
    missing: dict[str, str] = field(default_factory=dict)


def rebuild(task: Task, given: Path | None = None, progress: Callable[[int], None] = lambda done: None) -> Rebuilt:
    """Cut every sample from the task's source, or a copy of it, check each, and keep the texts in the cache.

    Raises:
        InputError: If there is nothing at `given`.
        MachineError: If the package that carries the texts is missing.
        UsageError: If a copy is given of a source that is none of archives.
    """
    source = open_source(task.spec.source, given)
    builder = builder_of(task.spec)
    missing: dict[str, str] = {}
    for done, line in enumerate(task.lines):
        progress(done)
        try:
            text = builder.cut(source, line)
        except (InputError, MachineError) as failure:
            missing[line.id] = str(failure)
            continue
        if sha256_text(text) == line.sha256:
            keep_texts({line.sha256: text})
        else:
            missing[line.id] = "its text is not the one of the manifest: the rule or a library that it uses has changed"
    return Rebuilt(len(task.lines) - len(missing), missing)
