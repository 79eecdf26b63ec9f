"""Texts kept on this machine, each in a file named by its sha256. What is damaged counts as absent."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from cramboard.errors import MachineError, warn
from cramboard.files import cache_folder, write_atomically
from cramboard.keys import sha256_bytes


def cached_text(sha256: str) -> str | None:
    """Return the text with that sha256, or None if it is not here whole."""
    with suppress(OSError):
        data = _path(sha256).read_bytes()
        if sha256_bytes(data) == sha256:
            return data.decode("utf-8")
    return None


def keep_texts(texts: Mapping[str, str]) -> None:
    """Keep texts (by their sha256), in place of what is there; warn if that cannot be done."""
    try:
        for sha256, text in texts.items():
            write_atomically(_path(sha256), text)
    except MachineError as error:
        warn(f"the texts are not kept for the next time: {error}")


def _path(sha256: str) -> Path:
    return cache_folder() / "texts" / sha256
