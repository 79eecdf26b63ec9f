"""What of a transcript is the address: no stage directions, headings, tables or signatures."""

import re
import unicodedata

# Brackets that hold a note about the address; others ("[the States]") are words that its editors supplied.
_NOTE = re.compile(
    r"""\s*\[\s*(?:
        [^\[\]]{0,200}\b(?:
            laughter | applause | applauded | inaudible | audience | ovation | moment\ of\ silence
            | APP\ note | White\ House\ correction | joint\ session | released | recorded\ on | exclusive\ of
            | the\ President | the\ First\ Lady | House\ Chamber | pinned | presented | escorted
        )\b[^\[\]]{0,200}
        | [^\[\]]{1,40}(?=\]\*)
        | \d{4}(?:\s*-\s*\d\d){0,2} | \d{4}\ October | p\.\s*\d+ | (?:On|Concerning)\ [A-Z][^\[\]]{5,200}
    )\s*\]\*?""",
    re.VERBOSE | re.IGNORECASE,
)
_OTHER_SPEAKER = re.compile(
    r"(?:Audience members?|(?:Rep|Sen)\. [A-Z]\w+|Mr\. (?!Speaker|President|Vice)[A-Z]\w+"
    r"|(?:Representative|Senator|Secretary of State)(?: [A-Z][\w'-]*\.?){1,4})[.:](?: |—|$)"
)
_PRESIDENT = re.compile(r"The President\. ")
_SALUTATION = re.compile(
    r"""(?:to\ the\ (?:congress|senate|house) | the\ senate\ and\ house\ of\ representatives
    | (?:my\ |our\ |good\ |dear\ |distinguished\ )*
      (?:fellow[-\ ](?:citizens|americans) | gentlemen | ladies\ and | friends | colleagues
         | members\ of\ (?:the|congress))
    | mr\.\ (?:speaker|president|vice|chief) | madam\ | speaker\ \w+; | vice\ president\ \w+,
    | good\ (?:afternoon|evening|night) | goodnight | thank\ you | thanks | god\ bless)\b""",
    re.VERBOSE | re.IGNORECASE,
)
_PROSE_END = re.compile(r"""(?:[.?!:;,—-]["')\]”’]*|; (?:and|or))$""")  # noqa: RUF001
_LONGEST_HEADING = 100
_LONGEST_SALUTATION = 250
_DATELINE = re.compile(
    r"the white house,.{0,40}$|(?:january|february|march|april|may|june|july|august|september|october"
    r"|november|december) \d{1,2}, \d{4}\.?$",
    re.IGNORECASE,
)


def clean_address(raw: str) -> str:
    """Return the prose of an address: NFC, one paragraph a line, single spaces, no blank lines."""
    paragraphs: list[str] = []
    for line in raw.split("\n"):
        paragraph = _mend(line)
        if _OTHER_SPEAKER.match(paragraph):
            continue
        paragraph = _PRESIDENT.sub("", paragraph)
        resumed = paragraph.startswith("—")
        paragraph = paragraph.lstrip("—•- ")
        if not _is_prose(paragraph):
            continue
        if resumed and paragraphs and paragraphs[-1].endswith("—"):
            paragraphs[-1] += paragraph
        else:
            paragraphs.append(paragraph)
    return "\n".join(paragraphs)


def opens_formally(sentence: str) -> bool:
    """Whether a sentence greets or thanks the listeners ("Mr. Speaker, ..") and tells them nothing."""
    return _SALUTATION.match(sentence) is not None


def _mend(line: str) -> str:
    """Undo damage of encoding and spacing, and take out notes."""
    line = unicodedata.normalize("NFC", line)
    line = line.replace("Ô", "'").replace("Õ", "'")  # Macintosh quotes that were read as Latin-1
    line = line.replace("1\u20442", "\u00bd")
    line = _NOTE.sub("", line).replace("*", "")
    line = re.sub(r" Audience members?\.(?: .*)?$", "", line)
    line = re.sub(r"—{2,}", "—", line).replace("—.", ".")
    line = re.sub(r"-{3,}", "--", line)
    line = re.sub(r"^\[ (?=[a-z])", "I ", line.strip())  # a capital I that was scanned as a bracket
    line = re.sub(r"([a-z][.?!])([A-Z][a-z])", r"\1 \2", line)
    line = re.sub(r"\s+", " ", line)
    line = re.sub(r" +([,;:?!]|\.(?![\d.]| \.))", r"\1", line)
    return re.sub(r"(?<=[a-z]),(?=[A-Za-z])", ", ", line)


def _is_prose(paragraph: str) -> bool:
    """Whether a line is a paragraph: no heading, table row, signature, dateline or line of address."""
    if paragraph.upper() == paragraph or "....." in paragraph or _DATELINE.match(paragraph):
        return False
    if len(paragraph) <= _LONGEST_HEADING and not _PROSE_END.search(paragraph):
        return False
    if len(paragraph) > _LONGEST_SALUTATION or not paragraph.endswith(":"):
        return True
    return not opens_formally(paragraph)
