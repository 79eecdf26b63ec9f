"""A sample's tokens as pieces to be coloured by margin, with the first failure marked.

With the sample's text, a piece is one token, or several that end at the same character (a character split over
tokens): such a run is shown as one piece in the state of its weakest token. Without it the marks stand alone: a piece
is one token and shows nothing but its state; its title has the rest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from cramboard.results.words import number, whole
from cramboard.schema import CERTIFIED_MARGIN, SampleRecord, TokenMarks

TAIL = 80

State = Literal["certified", "thin", "wrong"]
Form = Literal["text", "blocks"]

# Never shown: they would turn the direction of what follows, or are not allowed in HTML.
_HIDDEN = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0xFEFF}


@dataclass(frozen=True)
class Piece:
    """One coloured piece; `text` is empty where the marks stand alone.

    `failure` says in words what failed, if the first failure is in this piece; then `lead` is the white space
    before its text. `after` is set past the first failure.
    """

    text: str
    state: State
    title: str
    failure: str = ""
    lead: str = ""
    after: bool = False


@dataclass(frozen=True)
class Passage:
    """The pieces of one sample: `head` up to shortly after the first failure, `tail` the rest.

    `form` is 'blocks' where the marks stand alone, and `note` says why.
    """

    form: Form
    head: tuple[Piece, ...]
    tail: tuple[Piece, ...]
    goes_on: bool
    note: str
    counts: dict[State, int]


def passage(record: SampleRecord, text: str | None) -> Passage:
    """Cut `text` along the record's marks; without a text that they fit, the marks stand alone."""
    marks = record.marks
    if marks.ends is None:
        return _alone(record, "The tokens are drawn at random and make no text; each block is one token.")
    if text is None:
        return _alone(record, "The text of this sample cannot be shown here; each block is one token.")
    if not _fits(marks, marks.ends, text):
        return _alone(record, "The text at hand is not the one that was measured; each block is one token.")
    shown = _visible(text)
    pieces = [_piece(record, tokens, shown[start:end]) for start, end, tokens in _runs(marks.ends)]
    return _passage(record, pieces, goes_on=bool(marks.ends and marks.ends[-1] < len(text)))


def _alone(record: SampleRecord, note: str) -> Passage:
    """Return the marks without a text: one bare block for each token that has both a margin and bits."""
    count = min(len(record.marks.margins), len(record.marks.bits))
    pieces = [_piece(record, range(index, index + 1), "") for index in range(count)]
    return _passage(record, pieces, form="blocks", note=note)


def _passage(
    record: SampleRecord, pieces: Sequence[Piece], *, form: Form = "text", note: str = "", goes_on: bool = False
) -> Passage:
    """Part `pieces` shortly after the first failure and count their states."""
    failure = next((at for at, piece in enumerate(pieces) if piece.failure), len(pieces) - 1)
    cut = failure + 1 + TAIL
    if len(pieces) - cut < TAIL // 2:
        cut = len(pieces)
    states = [state_of(margin) for margin in record.marks.margins]
    return Passage(
        form=form,
        head=tuple(pieces[:cut]),
        tail=tuple(pieces[cut:]),
        goes_on=goes_on,
        note=note,
        counts={state: states.count(state) for state in ("certified", "thin", "wrong")},
    )


def _fits(marks: TokenMarks, ends: tuple[int, ...], text: str) -> bool:
    """Whether every token has an end, and the ends never go back nor past the text."""
    ordered = all(before <= after for before, after in zip((0, *ends), ends, strict=False))
    return ordered and len(ends) == len(marks.margins) == len(marks.bits) and (not ends or ends[-1] <= len(text))


def _visible(text: str) -> str:
    """Return `text`, as long as before, with what HTML forbids or what would turn its direction replaced."""
    return "".join("\ufffd" if _hidden(char) else " " if char == "\r" else char for char in text)


def _hidden(char: str) -> bool:
    code = ord(char)
    control = (code < 0x20 and char not in "\n\t\r") or 0x7F <= code < 0xA0
    broken = 0xD800 <= code < 0xE000 or 0xFDD0 <= code < 0xFDF0 or code & 0xFFFE == 0xFFFE
    return control or broken or code in _HIDDEN


def _runs(ends: tuple[int, ...]) -> Iterator[tuple[int, int, range]]:
    """Yield (start, end, tokens) for each run of tokens with one end; ends at 0 join the next run."""
    start = first = 0
    for index, end in enumerate(ends):
        last = index + 1 == len(ends)
        if last or (ends[index + 1] > end and end > 0):
            yield start, end, range(first, index + 1)
            start, first = end, index + 1


def state_of(margin: float) -> State:
    """Return the state of a token with this margin (logits)."""
    return "certified" if margin >= CERTIFIED_MARGIN else "thin" if margin >= 0 else "wrong"


def _piece(record: SampleRecord, tokens: range, text: str) -> Piece:
    """Describe a run of tokens (counted from 1 for people)."""
    marks = record.marks
    margins = [marks.margins[index] for index in tokens]
    bits = [marks.bits[index] for index in tokens]
    several = len(tokens) > 1
    name = f"tokens {tokens[0] + 1} to {tokens[-1] + 1}" if several else f"token {tokens[0] + 1}"
    title = f"{name}: margin {', '.join(map(number, margins))}; {' + '.join(map(number, bits))} bits"
    failed = record.horizon in tokens
    state = state_of(min(margins))
    lead, body = _outlined(text) if failed else ("", text)
    return Piece(
        text=body,
        lead=lead,
        # Margins are rounded in the record: one just below the limit may have become it.
        state="thin" if failed and state == "certified" else state,
        title=title,
        failure=_failure(record) if failed else "",
        after=tokens[0] > record.horizon,
    )


def _outlined(text: str) -> tuple[str, str]:
    """Return the white space before `text`, and the rest, which is outlined; bare white space gets a sign."""
    body = text.lstrip()
    lead = text[: len(text) - len(body)]
    if body or not lead:
        return lead, body
    return "", ("↵" if "\n" in lead else "␣") + lead


def _failure(record: SampleRecord) -> str:
    """Say what happened at the first token that is not certified."""
    margin = record.marks.margins[record.horizon]
    what = "wrong" if margin < 0 else f"correct, but its margin of {number(margin)} is too thin"
    return f"first failure: token {whole(record.horizon + 1)} is {what}"
