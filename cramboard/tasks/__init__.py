"""Tasks: versioned, hashed sets of samples. They know nothing of decoders, methods or scores.

A task is a folder `tasks/<name>/` with `task.yaml` and `manifest.jsonl`, built by a rule of `builders/`. Texts are not
stored: each comes from a cache, from the published dataset or from its pinned source (`texts`), and is checked
against its line of the manifest.
"""

from cramboard.tasks.drafting import draft, redraw
from cramboard.tasks.sealing import sealed_task
from cramboard.tasks.task import Sample, Task, load_task, read_spec, read_task, task_folder, task_names

__all__ = [
    "Sample",
    "Task",
    "draft",
    "load_task",
    "read_spec",
    "read_task",
    "redraw",
    "sealed_task",
    "task_folder",
    "task_names",
]
