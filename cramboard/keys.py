"""Content keys: the sha256 of canonical JSON, the same on every machine."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any


def canonical_json(value: Any) -> str:
    """Render `value` as JSON with sorted keys, no spaces and no NaN, so that equal values have equal bytes.

    Raises:
        ValueError: If a float in `value` is not finite.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def key(value: Any) -> str:
    """Return the sha256 (64 hex digits) of `value` as canonical JSON."""
    return sha256_text(canonical_json(value))


def sha256_text(text: str) -> str:
    """Return the sha256 (64 hex digits) of `text` as UTF-8."""
    return sha256_bytes(text.encode("utf-8"))


def sha256_bytes(data: bytes) -> str:
    """Return the sha256 (64 hex digits) of `data`."""
    return hashlib.sha256(data).hexdigest()


def sha256_ids(ids: Sequence[int]) -> str:
    """Return the sha256 of token ids written as decimal numbers joined by single spaces."""
    return sha256_text(" ".join(map(str, ids)))
