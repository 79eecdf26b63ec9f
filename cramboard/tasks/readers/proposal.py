"""Proposals to improve Python (PEPs, reStructuredText) and Ethereum (EIPs, Markdown); each file is a work."""

import datetime
import re
from pathlib import PurePosixPath

import yaml

from cramboard.errors import InputError
from cramboard.tasks.prose.markdown import markdown_blocks
from cramboard.tasks.prose.proposals import clean_proposal
from cramboard.tasks.prose.restructured import restructured_blocks
from cramboard.tasks.reading import Work
from cramboard.tasks.sources import Source

_FREE = re.compile(r"public domain|CC0", re.IGNORECASE)


def names(source: Source) -> list[str]:
    """Return the names of the source's files."""
    return list(source.paths())


def read(source: Source, name: str) -> Work:
    """Return the proposal in the file `name`; its author is the first that it names, its date that of its creation."""
    path = PurePosixPath(name)
    raw = source.read(name)
    if not _FREE.search(raw[-2_000:]):
        raise InputError(f"{name}: its end does not give up all rights; leave the file out of the task")
    if path.suffix == ".rst":
        head, _, body = raw.partition("\n\n")
        fields = dict(re.findall(r"^([\w-]+):[ ]*(.*(?:\n[ \t]+.*)*)$", head, re.MULTILINE))
        authors, created = fields.get("Author", ""), _day(fields.get("Created", ""), "%d-%b-%Y")
        blocks = restructured_blocks(body)
    else:
        try:
            _, head, body = raw.split("---\n", 2)
            fields = dict(yaml.safe_load(head))
        except (TypeError, ValueError, yaml.YAMLError):
            raise InputError(f"{name}: no fields between two lines ---; leave the file out of the task") from None
        authors, created = str(fields.get("author") or ""), _day(str(fields.get("created", "")), "%Y-%m-%d")
        blocks = markdown_blocks(body)
    return Work(id=path.stem, text=clean_proposal(blocks), author=first_author(authors), date=created)


def may_open(sentence: str) -> bool:
    """Every sentence may."""
    return True


def first_author(authors: str) -> str:
    """Return the first of some authors without handle and address."""
    return " ".join(re.split(r"[,(<\n]", authors.strip())[0].split())


def _day(text: str, form: str) -> str:
    try:
        return datetime.datetime.strptime(text.strip(), form).date().isoformat()
    except ValueError:
        return ""
