"""The chunks of PG-19 that the paper compresses: the second half of each, by sentences."""

from cramboard.errors import InputError
from cramboard.keys import sha256_text
from cramboard.schema import ManifestLine, Split
from cramboard.tasks.duplicates import Apart
from cramboard.tasks.plan import Plan
from cramboard.tasks.prose.sentences import sentence_spans
from cramboard.tasks.sources import Source

DATE = "before 1919"


def draw(source: Source, plan: Plan) -> list[tuple[ManifestLine, str]]:
    """Take the public samples from the first rows, and the others from the last ones, apart from all before."""
    rows = source.paths()
    public = plan.splits.get("public", 0)
    if len(rows) < plan.total:
        raise InputError(f"the dataset has {len(rows)} rows, {plan.total} samples are asked for; ask for fewer")
    drawn = [_sample(source, row, "public") for row in rows[:public]]
    apart = Apart((*plan.taken, *(text for _, text in drawn)))
    for row in reversed(rows[public:]):
        if len(drawn) == plan.total:
            return drawn
        line, text = _sample(source, row, plan.split_of(len(drawn)))
        if apart.take(text):
            drawn.append((line, text))
    if len(drawn) < plan.total:
        raise InputError(f"only {len(drawn)} of {plan.total} rows are apart; ask for fewer samples")
    return drawn


def cut(source: Source, line: ManifestLine) -> str:
    """Return the second half of the row `line.origin`."""
    return _joined(source.read(line.origin))[0][line.start : line.start + line.characters]


def _sample(source: Source, row: str, split: Split) -> tuple[ManifestLine, str]:
    joined, start = _joined(source.read(row))
    text = joined[start:]
    if not text:
        raise InputError(f"row {row} of the dataset holds no sentence; pin another revision")
    name = f"pg19-{int(row):04d}"
    line = ManifestLine(
        id=name,
        split=split,
        origin=row,
        start=start,
        characters=len(text),
        author=name,
        date=DATE,
        sha256=sha256_text(text),
    )
    return line, text


def _joined(text: str) -> tuple[str, int]:
    """Return all sentences of `text` joined by single spaces, and where the second half of them starts."""
    # A book's lines are broken at a width: a line break ends no sentence there, and stays where it is inside one.
    spans = sentence_spans(text.replace("\n", " "))
    sentences = [text[start:end] for start, end in spans]
    first = " ".join(sentences[: len(sentences) // 2])
    return " ".join(sentences), len(first) + 1 if first else 0
