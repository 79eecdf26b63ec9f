"""The blocks of a marked-up document that may be prose; parsers give them, whatever the markup."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Block:
    """A heading of some depth (1 is the highest), a paragraph, or a paragraph in a list; plain text without markup."""

    kind: Literal["heading", "paragraph", "item"]
    text: str
    depth: int = 0
