"""What a reader gives: one work of a source as clean prose. task.yaml's `passages.reader` names it."""

import importlib
import pkgutil
from dataclasses import dataclass
from typing import Protocol, cast

from cramboard.errors import InputError
from cramboard.tasks import readers
from cramboard.tasks.sources import Source


@dataclass(frozen=True)
class Work:
    """A clean text (NFC, one paragraph a line, single spaces, no blank lines), who wrote it, and when.

    `id` begins the ids of the samples that are cut from it. Author and date are empty where the files do
    not tell them; the task's `credits` must then.
    """

    id: str
    text: str
    author: str
    date: str


class Reader(Protocol):
    """A module of `cramboard.tasks.readers`."""

    def names(self, source: Source) -> list[str]:
        """Return the works that passages can be cut from, in a fixed order."""

    def read(self, source: Source, name: str) -> Work:
        """Return one work.

        Raises:
            InputError: If the source has no such work, or it is not of the kind that this reader reads.
        """

    def may_open(self, sentence: str) -> bool:
        """Whether a sample may begin with this sentence."""


def reader_named(name: str) -> Reader:
    """Find a reader by its file's name, with dashes for underscores.

    Raises:
        InputError: If there is none of that name.
    """
    names = sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(readers.__path__))
    if name not in names:
        raise InputError(f"unknown reader {name!r}; there are: {', '.join(names)}; correct it in task.yaml")
    return cast(Reader, importlib.import_module(f"{readers.__name__}.{name.replace('-', '_')}"))
