"""The changelog as a page: the few Markdown forms that CHANGELOG.md uses, and nothing else."""

import re
from dataclasses import dataclass

from markupsafe import Markup, escape


@dataclass(frozen=True)
class Release:
    """One heading of the changelog with its paragraphs and its points."""

    title: str
    paragraphs: tuple[Markup, ...]
    points: tuple[Markup, ...]


def releases(changelog: str) -> list[Release]:
    """Read `## ` sections with their paragraphs and `- ` points; what is before the first section is left out."""
    sections = re.split(r"^## ", changelog, flags=re.MULTILINE)[1:]
    return [_release(section) for section in sections]


def _release(section: str) -> Release:
    title, _, body = section.partition("\n")
    paragraphs: list[Markup] = []
    points: list[Markup] = []
    for block in re.split(r"\n\s*\n|\n(?=- )", body):
        words = " ".join(block.split())
        if words.startswith("- "):
            points.append(_inline(words[2:]))
        elif words:
            paragraphs.append(_inline(words))
    return Release(title.strip(), tuple(paragraphs), tuple(points))


def _inline(words: str) -> Markup:
    """Escape everything, then set what stands between backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(words))))
