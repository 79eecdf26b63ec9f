"""A path as a person types it: `~` stands for a home folder, also where no shell has seen to that."""

from pathlib import Path

from cramboard.errors import InputError


def typed_path(text: str) -> Path:
    """Return the path that `text` means.

    Raises:
        InputError: If it begins with `~` and there is no such user, or nobody knows where their home is.
    """
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise InputError(f"{text}: there is no such home folder; give the path from /") from None
