"""How many samples a task has, in words."""

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cramboard.tasks import Task


def split_counts(task: "Task") -> dict[str, int]:
    """Return the number of samples of each split."""
    return dict(Counter(line.split for line in task.lines))


def say_counts(task: "Task") -> str:
    """Say how many samples each split has."""
    return ", ".join(f"{count} {split}" for split, count in split_counts(task).items())
