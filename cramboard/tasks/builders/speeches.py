"""State of the Union addresses, one sample an address, each from a seeded sentence after the opening."""

from cramboard.errors import InputError
from cramboard.keys import sha256_text
from cramboard.schema import ManifestLine, Split
from cramboard.tasks.duplicates import Apart
from cramboard.tasks.plan import Plan
from cramboard.tasks.prose.addresses import clean_address, opens_formally
from cramboard.tasks.prose.sentences import sentence_spans
from cramboard.tasks.sources import Source, sotu
from cramboard.tasks.streams import uniform_stream

OPENING_CHARACTERS = 1_500
LEAST_CHARACTERS = 14_000
MOST_CHARACTERS = 40_000


def draw(source: Source, plan: Plan) -> list[tuple[ManifestLine, str]]:
    """Cut the first eligible addresses in the order of their seeded hashes."""
    drawn: list[tuple[ManifestLine, str]] = []
    apart = Apart(plan.taken)
    for address in _ordered(source, plan.seed):
        found = _draw_one(source, address, plan.split_of(len(drawn)), plan.seed)
        if found is not None and apart.take(found[1]):
            drawn.append(found)
        if len(drawn) == plan.total:
            return drawn
    raise InputError(f"only {len(drawn)} of {plan.total} addresses are long enough and apart; ask for fewer samples")


def cut(source: Source, line: ManifestLine) -> str:
    """Return the stretch of the cleaned address `line.origin` that `line` names."""
    return clean_address(sotu.raw_text(source, line.origin))[line.start : line.start + line.characters]


def _ordered(source: Source, seed: str) -> list[sotu.Address]:
    """Return one address a president and year, in the order of a hash of its file id.

    Later addresses of the same president and year repeat or divide the first one (a written message beside
    the spoken one, a broadcast summary, the eleven parts of 1973).
    """
    first: dict[tuple[str, int], sotu.Address] = {}
    for address in sotu.addresses(source).values():
        if address.is_annual:
            first.setdefault((address.president_key, address.year), address)
    return sorted(first.values(), key=lambda address: sha256_text(f"{seed}:speeches:{address.file_id}"))


def _draw_one(source: Source, address: sotu.Address, split: Split, seed: str) -> tuple[ManifestLine, str] | None:
    """Cut one address, or return None if too little of it follows the opening."""
    text = clean_address(sotu.raw_text(source, address.file_id))
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
    start = starts[next(uniform_stream(f"{seed}:speeches:start:{address.file_id}", len(starts)))]
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
