"""The source of a task that is drawn from seeds alone: it has no files."""

from dataclasses import dataclass

from cramboard.errors import InputError


@dataclass(frozen=True)
class NoFiles:
    """A source without files."""

    def paths(self) -> tuple[str, ...]:
        """Return no name."""
        return ()

    def read(self, path: str) -> str:
        """Refuse every name.

        Raises:
            InputError: Always.
        """
        raise InputError(f"the task is drawn from seeds and has no file {path!r}; restore its task.yaml")
