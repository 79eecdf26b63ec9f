"""Names and addresses from strangers, made safe to show."""

from urllib.parse import quote, urlsplit

from cramboard.results.words import plain

NAME, LONG = 60, 2000


def named(text: str) -> str:
    """Return a name on one line, cut to what a row holds."""
    return plain(" ".join(text.split()), NAME)


def paragraphs(text: str) -> list[str]:
    """Return a description's paragraphs."""
    parts = text[:LONG].replace("\r\n", "\n").split("\n\n")
    return [plain(" ".join(part.split()), LONG) for part in parts if part.strip()]


def link(address: str) -> tuple[str, str] | None:
    """Return (address, host) of a link that may be followed, else None: https, a plain host, no user, no port."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        if parts.scheme != "https" or parts.netloc.lower() != parts.hostname or "." not in host:
            return None
    except (ValueError, UnicodeError):
        return None
    return parts._replace(netloc=host, path=quote(parts.path, safe="/%:@!$&'()*+,;=~-._")).geturl().encode(
        "ascii", "ignore"
    ).decode(), host


def cell(text: str) -> str:
    """Return text for a CSV cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" and text else text
