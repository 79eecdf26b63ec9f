"""Markdown as blocks: no code, tables, quotes, HTML, pictures or formulas; links and emphasis become their text."""

import re
from collections.abc import Iterator
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from cramboard.tasks.prose.blocks import Block

_FOOTNOTE_MARK = re.compile(r"\s*\[\^[^\]]+\]")
# Paragraphs with a formula, and footnotes.
_LEFT_OUT = re.compile(r"\$[^$\s](?:[^$]*[^$\s])?\$|\$\$|\\[(\[]|^\[\^[^\]]+\]:")


def markdown_blocks(text: str) -> Iterator[Block]:
    """Yield the blocks of a Markdown text (CommonMark with tables)."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    inside: list[str] = []
    for token, after in pairwise(tokens):
        if token.nesting == 1:
            inside.append(token.type)
        elif token.nesting == -1:
            inside.pop()
        if after.type != "inline" or "blockquote_open" in inside:
            continue
        if token.type == "heading_open":
            yield Block("heading", _plain(after), depth=int(token.tag[1:]))
        elif token.type == "paragraph_open" and not _LEFT_OUT.search(after.content):
            yield Block("item" if "list_item_open" in inside else "paragraph", _plain(after))


def _plain(inline: Token) -> str:
    pieces = []
    for token in inline.children or ():
        if token.type in ("text", "code_inline", "text_special"):
            pieces.append(token.content)
        elif token.type in ("softbreak", "hardbreak"):
            pieces.append(" ")
    return _FOOTNOTE_MARK.sub("", "".join(pieces))
