"""A decoder's ordinary tokens: those that plain text can consist of. Random tokens are drawn from them."""

import json
from collections.abc import Sequence
from typing import Any

from cramboard.errors import InputError

# Of a byte-level vocabulary's 256 letters, those of the bytes that UTF-8 never has (C0, C1, F5 to FF).
_NEVER_IN_UTF8 = frozenset("ÀÁõö÷øùúûüýþÿ")


def spread_out(ranges: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """Return every id of (first, last) ranges, ascending."""
    return tuple(token for first, last in ranges for token in range(first, last + 1))


def ordinary_tokens(name: str, tokenizer: Any, vocabulary: int) -> tuple[int, ...]:
    """Return the ids of a tokenizer's ordinary tokens, ascending.

    They are the single characters and what its merges make of them, less the added tokens (special and control tokens,
    markup). Nothing else comes of plain text: placeholders and the pieces of the byte fallback are neither.

    Args:
        name: The decoder's, for errors.
        tokenizer: A `tokenizers.Tokenizer`.
        vocabulary: Rows of the decoder's head; no id beyond them counts.

    Raises:
        InputError: If its tokenizer has no merges.
    """
    content = json.loads(tokenizer.to_str())
    if content["model"]["type"] != "BPE":
        raise InputError(
            f"decoder {name}: the ordinary tokens of a tokenizer of type {content['model']['type']} are not known; "
            "for random tokens take a decoder with a BPE tokenizer"
        )
    added = {token["id"] for token in content["added_tokens"]}
    merged = {first + second for first, second in content["model"]["merges"]}
    never = _NEVER_IN_UTF8 if (content["decoder"] or {}).get("type") == "ByteLevel" else frozenset()
    return tuple(
        sorted(
            token
            for piece, token in content["model"]["vocab"].items()
            if token not in added and token < vocabulary and piece not in never and (len(piece) == 1 or piece in merged)
        )
    )
