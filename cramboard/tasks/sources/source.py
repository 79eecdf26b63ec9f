"""The seam between a task's rule and the place that its raw texts come from."""

from typing import Protocol


class Source(Protocol):
    """Raw files by name. `read` gives the pinned bytes or fails in one line. Hashable, so that rules can cache."""

    def __hash__(self) -> int: ...

    def paths(self) -> tuple[str, ...]:
        """Return the names of the source's files, in a fixed order."""

    def read(self, path: str) -> str:
        """Return the UTF-8 text of one file.

        Raises:
            InputError: If the source has no such file, or its bytes are not the pinned ones.
            MachineError: If it cannot be reached.
        """
