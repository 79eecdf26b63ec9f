"""Take what an isolated process left: the end of what it printed, and the files in /output."""

import os
import stat
import string
from pathlib import Path

from cramboard.files import clear_os_errors
from cramboard.sandbox.limits import Limits, too_much_output

MOST_FILES = 64
_LOG_BYTES = 16_384
_CHUNK = 1 << 20
_NAME = frozenset(string.ascii_letters + string.digits + "._-")


class Log:
    """The last bytes of an endless stream, made harmless to a terminal."""

    def __init__(self) -> None:
        self._kept = b""

    def add(self, data: bytes) -> None:
        """Hear more."""
        self._kept = (self._kept + data)[-_LOG_BYTES:]

    def text(self) -> str:
        """Return what can be printed; the rest is escaped."""
        text = self._kept.decode("utf-8", "replace")
        return "".join(c if c.isprintable() or c in "\n\t" else ascii(c)[1:-1] for c in text)

    def last_line(self) -> str:
        """Return the last line that says something, where a traceback names the error."""
        lines = [line.strip() for line in self.text().splitlines() if line.strip()]
        return lines[-1][:300] if lines else "it printed nothing"


def collect(folder: int, target: Path, limits: Limits) -> str | None:
    """Copy the files of an open folder to `target`, or say in one line why they stay where they are.

    Nothing runs in the folder any more, so what is looked at is what is copied.

    Args:
        folder: Descriptor of the folder that was /output.
        target: A folder outside.
        limits: Bounds all files together; their lengths count, for a file of holes takes no room of its own.
    """
    names = sorted(os.listdir(folder))
    if len(names) > MOST_FILES:
        return f"left more than {MOST_FILES} files in /output"
    found = {name: os.stat(name, dir_fd=folder, follow_symlinks=False) for name in names}
    for name, status in found.items():
        if not stat.S_ISREG(status.st_mode) or not _NAME.issuperset(name) or name.startswith("."):
            return f"left {name!a} in /output, which is no file with a plain name"
    if sum(status.st_size for status in found.values()) > limits.output_bytes:
        return too_much_output(limits)
    with clear_os_errors(target):
        target.mkdir(parents=True, exist_ok=True)
        for name in names:
            with (
                os.fdopen(os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=folder), "rb") as source,
                (target / name).open("wb") as copy,
            ):
                while data := source.read(_CHUNK):
                    copy.write(data)
    return None


def is_full(folder: int) -> bool:
    """Return whether the file system of an open folder has no room left."""
    return os.fstatvfs(folder).f_bavail == 0
