"""The texts of samples, for those tasks whose licence lets anyone show them."""

import re
from collections.abc import Iterable

from cramboard.board.site.read import Tasks
from cramboard.errors import CramboardError

# A licence that starts with one of these words permits to show a text without further conditions.
_FREE = re.compile(r"(texts in the )?(public domain|cc0)\b", re.IGNORECASE)


def may_show(licence: str) -> bool:
    """Say whether a licence, as a task states it, lets anyone show the texts."""
    return _FREE.match(licence.strip()) is not None


def shown_texts(tasks: Tasks, name: str, samples: Iterable[str]) -> dict[str, str]:
    """Return the texts of `samples` by id: none if the licence forbids it or the texts are not at hand."""
    task = tasks.named(name)
    if task.spec.form != "text" or not may_show(task.spec.licence):
        return {}
    try:
        return {sample.id: sample.text for sample in task.samples(None, list(samples)) if sample.text is not None}
    except CramboardError:  # No network and no cache: the marks stand alone, and the page says so.
        return {}
