"""How many samples a task has, in words."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cramboard.tasks import Task


def say_counts(task: "Task") -> str:
    """Say how many samples each split has."""
    return ", ".join(f"{count} {split}" for split, count in task.counts.items())
