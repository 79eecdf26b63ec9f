"""What of a proposal (a PEP, an EIP) is prose: the full sentences of its paragraphs, without what every one says."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from cramboard.tasks.prose.blocks import Block
from cramboard.tasks.prose.sentences import sentence_spans

# Sections of rights, names, links and dates.
_SECTIONS = re.compile(
    r"copyright|references?|footnotes?|acknowledge?ments?|change ?(?:history|log)|discussions?|citation|see also",
    re.IGNORECASE,
)
# Sentences that a style guide or a template puts into many proposals.
_FORMULA = re.compile(
    r"RFC ?2119|BCP ?14|needs discussion\.?$|no backwards? compatibility issues (?:were )?found"
    r"|copyright and related rights waived|placed in the public domain",
    re.IGNORECASE,
)
_LEADS_ON = re.compile(r"""[:;,]["')\]”’]*$""")  # noqa: RUF001
_SENTENCE_END = re.compile(r"""[.?!]["')\]”’]*$""")  # noqa: RUF001
_DEFINITION = re.compile(r"(?:\S+ ){0,5}?\S+(?::| --| —| –| -) ")  # noqa: RUF001
_FEWEST_WORDS = 5
_LEAST_LETTERS = 0.7  # prose has 0.93 to 0.98


def clean_proposal(blocks: Iterable[Block]) -> str:
    """Return the prose of a proposal: NFC, one paragraph a line, single spaces, no blank lines.

    Of a paragraph, sentences that only lead on to a list or to code ("as follows:") and formulas are left out, and
    what is left must be whole sentences. A list item stays if it is whole sentences from a capital on, and does not
    define a term ("chain_id: the id of the chain.").
    """
    paragraphs = (_mend(block) for block in _wanted(blocks))
    return "\n".join(paragraph for paragraph in paragraphs if paragraph)


def _wanted(blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield paragraphs and items outside the sections of rights, names, links and dates."""
    closed = 0  # the depth of the unwanted section that we are in
    for block in blocks:
        if block.kind != "heading":
            if not closed:
                yield block
        elif not closed or block.depth <= closed:
            closed = block.depth if _SECTIONS.fullmatch(block.text.strip()) else 0


def _mend(block: Block) -> str:
    """Return the prose of one block, empty if it has none."""
    text = " ".join(unicodedata.normalize("NFC", block.text).split())
    sentences = [text[start:end] for start, end in sentence_spans(text)]
    kept = [sentence for sentence in sentences if not _FORMULA.search(sentence) and not _LEADS_ON.search(sentence)]
    text = re.sub(r" ?\( ?\)", "", " ".join(kept))
    text = re.sub(r"(?<=\w) (?=[,;:?!)](?:\s|$))|(?<=\() (?=\w)", "", text)
    if not _SENTENCE_END.search(text) or len(text.split()) < _FEWEST_WORDS or _is_code(text):
        return ""
    if block.kind == "item" and (not text[0].isupper() or _DEFINITION.match(text)):
        return ""
    return text


def _is_code(text: str) -> bool:
    """Whether a paragraph is signs rather than words: a formula, a signature, a layout of bytes."""
    return sum(char.isalpha() or char == " " for char in text) < _LEAST_LETTERS * len(text)
