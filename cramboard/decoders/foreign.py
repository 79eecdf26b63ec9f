"""What goes wrong in transformers and torch on a file that they cannot read, as one line: it may be any exception."""

from collections.abc import Iterator
from contextlib import contextmanager

from cramboard.errors import CramboardError, InputError

_MOST_SAID = 300


@contextmanager
def in_one_line(what: str) -> Iterator[None]:
    """Turn what is raised into one line that begins with `what`.

    What the machine lacks passes as it is: memory, and what the operating system says.

    Raises:
        InputError: For any other exception.
    """
    import torch

    try:
        yield
    except (CramboardError, MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        said = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise InputError(f"{what} ({said[:_MOST_SAID]})") from None
