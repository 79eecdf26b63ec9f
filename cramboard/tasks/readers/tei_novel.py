"""Novels in TEI, as the European Literary Text Collection encodes them; each file is a work."""

import re
from pathlib import PurePosixPath
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from cramboard.errors import InputError
from cramboard.tasks.prose.novels import TEI, clean_novel
from cramboard.tasks.reading import Work
from cramboard.tasks.sources import Source


def names(source: Source) -> list[str]:
    """Return the names of the source's files."""
    return list(source.paths())


def read(source: Source, name: str) -> Work:
    """Return the novel in the file `name`; its date is the year of the first edition."""
    try:
        root = ElementTree.fromstring(source.read(name))
    except ElementTree.ParseError as error:
        raise InputError(f"{name}: not well-formed XML ({error}); leave the file out of the task") from None
    author = _first(root, name, "teiHeader/fileDesc/titleStmt/author")
    year = re.search(r"1[5-9]\d\d|20\d\d", _text(_first(root, name, "teiHeader//bibl[@type='firstEdition']/date")))
    if year is None:
        raise InputError(f"{name}: the header gives no year of the first edition; leave the file out of the task")
    return Work(
        id=PurePosixPath(name).stem.lower().replace("_", "-"),
        text=clean_novel(_first(root, name, "text/body")),
        author=usual_name(_text(author)),
        date=year[0],
    )


def may_open(sentence: str) -> bool:
    """Every sentence may."""
    return True


def usual_name(catalogued: str) -> str:
    """Return a catalogue's name of an author as it is usually written.

    "Ward, Humphry, Mrs. (1851-1920)" is Mrs. Humphry Ward, "Ouida, [pseud.] (1839-1908)." is Ouida.
    """
    bare = re.sub(r"\s*\([^)]*\)\.?|\s*\[[^\]]*\]", "", catalogued)
    parts = [" ".join(part.split()) for part in bare.split(",")]
    return " ".join(part for part in reversed(parts) if part)


def _first(root: Element, name: str, path: str) -> Element:
    """Return the first element at `path`, a path of TEI tags."""
    found = root.find(path, {"": TEI.strip("{}")})
    if found is None:
        raise InputError(f"{name}: no element {path}, so this is not a novel in TEI; leave the file out of the task")
    return found


def _text(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())
