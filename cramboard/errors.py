"""The errors a user may meet: one line each, saying where and what to do, with the command's exit code.

Exit codes of the command line: 0 complete, 1 some samples failed, 2 usage, 3 invalid input,
4 environment (disk full, locked folder, no such device), 130 interrupted.
"""

import sys


class CramboardError(Exception):
    """Base of every error that is reported as one line; never raised itself."""

    exit_code = 1


class UsageError(CramboardError):
    """The command's words do not fit together (exit code 2)."""

    exit_code = 2


class InputError(CramboardError):
    """A file, name or value given to cramboard is not what it must be (exit code 3)."""

    exit_code = 3


class MachineError(CramboardError):
    """The machine lacks something: space, a device, a free folder (exit code 4)."""

    exit_code = 4


def warn(text: str) -> None:
    """Say in one line on stderr what went wrong and was got round."""
    print(f"cramboard: {' '.join(text.split())}", file=sys.stderr)
