"""Signs that a text was read in a wrong encoding or scanned badly (mojibake), counted line by line."""

import re
import unicodedata

_SIGNS = (
    re.compile(r"[\ufffd\x00-\x08\x0b-\x1f\x7f-\x9f\ue000-\uf8ff\ufeff]"),  # lost, control, private, byte-order mark
    re.compile(r"[\u00ad\u200b-\u200f\u2028-\u202e\u2060]"),  # invisible characters
    re.compile(r"[ÃÂ][\u0080-\u00bf]|â[€\u0080-\u009f]|Ð[\u0080-\u00bf]"),  # UTF-8 read as Latin-1 or Windows-1252
    re.compile(r"(?<=\w)[ÔÕÒÓ](?=[\Wst]|$)|(?<!\w)[ÔÕÒÓ](?=\w)"),  # Macintosh quotes read as Latin-1
    re.compile(r"(?<=[^\W\d_])[€§¤¬¦|\\{}<>^~·¶†‡](?=[^\W\d_])|(?<!\w)[€§¤](?=[a-z])"),
    re.compile(r"[ŁĽŞŢ](?=\d)"),  # Latin-1 read as Latin-2
    re.compile(r"&(?:[a-z]+|#x?[0-9a-f]+);", re.IGNORECASE),  # entities left over
    re.compile(r"(?<=[a-z])[0-9](?=[a-z]{2})"),  # a letter that was scanned as a digit
    re.compile(r"[`´]|(?<!\w)_+(?!\w)"),  # noqa: RUF001
)


def damage(line: str) -> int:
    """Count the signs of damage in a line: 0 in clean prose. Some are honest (an identifier), so look."""
    signs = sum(len(sign.findall(line)) for sign in _SIGNS)
    return signs + (unicodedata.normalize("NFC", line) != line)
