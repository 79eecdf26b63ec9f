"""reStructuredText as blocks: no code, tables, quotes, pictures, notes or formulas; roles and links become their text.

Directives that only Sphinx knows are left out. A reference to a section without words of its own is given the
section's title, as Sphinx gives it.
"""

import re
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import roles

from cramboard.tasks.prose.blocks import Block

_ROLE = re.compile(r"(?<!\S)[\"'(\[{<]*:([a-z][\w:+.-]*):`")
_TITLED = re.compile(r"(.*?)\s*<[^<>]*>", re.DOTALL)
_BUILT_IN = frozenset(("pep", "rfc", "math", "raw", "sup", "sub"))
_SETTINGS = {
    "_disable_config": True,
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "report_level": 5,
    "halt_level": 5,
    "syntax_highlight": "none",
    "doctitle_xform": False,
    "smart_quotes": False,
}
_SKIPPED = (
    nodes.block_quote,
    nodes.citation,
    nodes.docinfo,
    nodes.field_list,
    nodes.figure,
    nodes.footnote,
    nodes.line_block,
    nodes.literal_block,
    nodes.option_list,
    nodes.sidebar,
    nodes.system_message,
    nodes.table,
    nodes.topic,
)
_MARKS = (nodes.citation_reference, nodes.footnote_reference, nodes.image, nodes.problematic, nodes.system_message)
_MARK = "\f"
_ITEMS = (nodes.list_item, nodes.definition)


def restructured_blocks(text: str) -> Iterator[Block]:
    """Yield the blocks of a reStructuredText."""
    for name in sorted(set(_ROLE.findall(text)) - _BUILT_IN):
        roles.register_local_role(name, _text_role)
    document = publish_doctree(text, settings_overrides=_SETTINGS)
    yield from _blocks(document, document, depth=0, listed=False)


def _blocks(document: nodes.document, parent: nodes.Element, depth: int, listed: bool) -> Iterator[Block]:
    for node in parent.children:
        if isinstance(node, _SKIPPED):
            continue
        if isinstance(node, nodes.title):
            yield Block("heading", _text(document, node), depth)
        elif isinstance(node, nodes.paragraph):
            if not any(node.findall(nodes.math)):
                yield Block("item" if listed else "paragraph", _text(document, node))
        elif isinstance(node, nodes.Element):
            deeper = depth + isinstance(node, nodes.section)
            yield from _blocks(document, node, deeper, listed or isinstance(node, _ITEMS))


def _text(document: nodes.document, node: nodes.Node) -> str:
    """Return the text of a block; a mark that points to a note goes with the space before it."""
    return re.sub(rf"\s*{_MARK}", "", _plain(document, node))


def _plain(document: nodes.document, node: nodes.Node) -> str:
    if isinstance(node, nodes.Text):
        # Its own text still holds NUL for every backslash that only divides. Literals inside of emphasis do not nest.
        return node.astext().replace("``", "")
    if isinstance(node, _MARKS):
        return _MARK
    if isinstance(node, nodes.inline) and "label" in node:
        return _title(document, node["label"])
    return "".join(_plain(document, child) for child in node.children)


def _title(document: nodes.document, label: str) -> str:
    """Return the title of the section that a label stands before, else the label."""
    target = document.ids.get(document.nameids.get(nodes.fully_normalize_name(label)) or "")
    title = target.next_node(nodes.title) if isinstance(target, nodes.section) else None
    return title.astext() if title is not None else label


def _text_role(
    name: str, rawtext: str, text: str, lineno: int, inliner: object, options: object = None, content: object = None
) -> tuple[list[Any], list[Any]]:
    """Give a Sphinx role the text that a reader sees."""
    text = nodes.unescape(text)
    if titled := _TITLED.fullmatch(text):
        return [nodes.Text(titled[1])], []
    if name.split(":")[-1] in ("ref", "doc"):
        return [nodes.inline("", "", label=text)], []
    return [nodes.Text(text.rpartition(".")[2] if text.startswith("~") else text.lstrip("!"))], []
