"""Where sentences begin and end in clean English prose, by a few fixed rules.

A sentence ends at `.`, `?` or `!` (and closing quotes) before white space and a capital, unless the word is
an abbreviation, an initial or the number of a list item. A line break always ends one. The rules err towards
too few breaks: two sentences taken for one do no harm to a sample, half a sentence would.
"""

import re

_ABBREVIATIONS = frozenset(
    "Adm Art Brig Capt Cir Co Col Comdr Cos Ct Dec Dr Feb Gen Gov Hon Inc Jan Jr Lt Ltd Maj Messrs Mr Mrs Ms "
    "Mt No Nos Nov Oct Op Pres Prof Rep Rev Sec Sen Sept Sgt Sr St Ste Vol Wm viz vs".split()
)
_END = re.compile(r"""(\S*[.?!]["')\]”’]*)[ \t]+(?=["'(\[“‘]*[A-Z])|\n+""")  # noqa: RUF001


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Return (start, end) of every sentence of `text`, in order; only white space lies between."""
    spans = []
    start = 0
    for match in _END.finditer(text):
        if match[1] and _is_abbreviation(match[1]):
            continue
        end = match.end(1) if match[1] else match.start()
        if end > start:
            spans.append((start, end))
        start = match.end()
    if start < len(text):
        spans.append((start, len(text)))
    return spans


def _is_abbreviation(word: str) -> bool:
    """Whether the full stop that ends `word` is not the end of a sentence: Mr., J., U.S., p.m., 3."""
    if not word.endswith("."):
        return False
    body = word[:-1].lstrip("\"'([“‘—-")  # noqa: RUF001
    return body in _ABBREVIATIONS or re.fullmatch(r"(?:[A-Za-z]\.)*[A-Za-z]|\d{1,2}", body) is not None
