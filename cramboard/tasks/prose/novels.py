"""What of a novel in TEI is its prose: the paragraphs of its body and of the letters in it, cleaned."""

import html
import re
import unicodedata
from collections.abc import Iterator
from xml.etree.ElementTree import Element

TEI = "{http://www.tei-c.org/ns/1.0}"
_PARAGRAPH = TEI + "p"
_VERSE = TEI + "l"
# Not prose (headings, verse, last lines) or not the author's (notes and their marks, pictures, page breaks).
_DROPPED = frozenset(TEI + tag for tag in ("head", "l", "trailer", "note", "ref", "gap", "pb", "milestone"))
_DIVIDE = "\f"  # cannot occur in XML
_HEADING = re.compile(
    r"(?:chapter|book|volume|vol|part)\b\.? [\w.]{1,12}.{0,30}|(?:the )?end(?: of .{0,30})?\.?|\[.*\]",
    re.IGNORECASE,
)
# A heading with a title of any length; nobody writes a tilde in prose.
_TITLED_HEADING = re.compile(r"(?:chapter|book|part) [ivxlc]+ ~ .*", re.IGNORECASE)
_CRY = re.compile(r"""[A-Z][?!]["'”’]$""")  # noqa: RUF001
_OPEN_END = re.compile(r"[a-z]$")
_LONGEST_HEADING = 100
_CHARACTERS = str.maketrans({"\u00ad": "", "\u2010": "-", "`": "'", "\u00b4": "'", "\\": " ", "*": ""})


def clean_novel(body: Element) -> str:
    """Return the prose of a TEI body: NFC, one paragraph a line, single spaces, no blank lines.

    A paragraph is a `p` outside of notes, also one in a `quote` (a letter), with the text of everything in it but
    note marks, pictures and verse; verse divides it. One that breaks off goes on with the next, if that begins in
    lower case (a page or a line of verse came between). Headings and ornaments that are marked as paragraphs are
    left out.
    """
    paragraphs: list[str] = []
    for paragraph in map(str.strip, _mend("".join(_pieces(body, inside=False))).split(_DIVIDE)):
        if paragraph and paragraphs and paragraph[0].islower() and _OPEN_END.search(paragraphs[-1]):
            paragraphs[-1] += " " + paragraph
        elif paragraph:
            paragraphs.append(paragraph)
    return "\n".join(paragraph for paragraph in paragraphs if _is_prose(paragraph))


def _pieces(element: Element, inside: bool) -> Iterator[str]:
    """Yield the text inside paragraphs in order, and a divider around each paragraph and line of verse."""
    if inside and element.text:
        yield element.text
    for child in element:
        divides = child.tag in (_PARAGRAPH, _VERSE)
        if divides:
            yield _DIVIDE
        if child.tag not in _DROPPED:
            yield from _pieces(child, inside or child.tag == _PARAGRAPH)
        if divides:
            yield _DIVIDE
        if inside and child.tail:
            yield child.tail


def _mend(text: str) -> str:
    """Undo damage of encoding, scanning and line breaks."""
    text = unicodedata.normalize("NFC", html.unescape(text))
    text = text.translate(_CHARACTERS)
    text = re.sub(r"Ł(?=\d)", "£", text)  # Latin-1 that was read as Latin-2
    text = re.sub(r"€(?=[a-z])", "é", text)  # Windows-1252 and an old Macintosh's set
    text = re.sub(r"§(?=a\b)", "ç", text)
    text = re.sub(r"(?<=[a-z])·(?=[a-z])", "-", text)
    text = re.sub(r"(?<=[A-Z])_{2,}", "——", text).replace("__", "")  # a name left out; a mark for italics
    text = re.sub(r"(?<!\w)_(?!\w)", "—", text)
    text = re.sub(r"[^\S\f]+", " ", text)
    text = re.sub(r"(?<=[a-z]-) (?!and |or |to )(?=[A-Za-z])", "", text)  # a compound over two lines
    return re.sub(r" +([,;:?!]|\.(?![\d.]| \.))", r"\1", text)


def _is_prose(paragraph: str) -> bool:
    """Whether a paragraph is text: no heading, row of ornaments, number or remark of an editor."""
    if _TITLED_HEADING.fullmatch(paragraph) or (paragraph.upper() == paragraph and not _CRY.search(paragraph)):
        return False
    if len(paragraph) > _LONGEST_HEADING:
        return True
    return not (_HEADING.fullmatch(paragraph) or _OPEN_END.search(paragraph))
