"""Plain text files (UTF-8), paragraphs divided by blank lines; each file is a work. The task's `credits` say whose."""

import re
import unicodedata
from pathlib import PurePosixPath

from cramboard.tasks.reading import Work
from cramboard.tasks.sources import Source


def names(source: Source) -> list[str]:
    """Return the names of the source's files."""
    return list(source.paths())


def read(source: Source, name: str) -> Work:
    """Return the text of the file `name`, its paragraphs each on one line; what it says is left as it is."""
    raw = unicodedata.normalize("NFC", source.read(name).removeprefix("\ufeff"))
    paragraphs = (" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", raw))
    text = "\n".join(paragraph for paragraph in paragraphs if paragraph)
    return Work(id=_id(name), text=text, author="", date="")


def may_open(sentence: str) -> bool:
    """Every sentence may."""
    return True


def _id(name: str) -> str:
    """Return the file's name without its ending, in letters that an id may have."""
    return re.sub(r"[^a-z0-9._-]+", "-", PurePosixPath(name).stem.lower()).strip("-._")
