"""What is said of trouble with sealed samples: nothing that a method had a hand in, for it may be the text.

An encoder can put a text into an error or into the name of a file, and the reason would go to stderr and into
summary.json, which is published.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from cramboard.errors import SubmissionError
from cramboard.run.execute import UnitFailure
from cramboard.tasks import Task

_REMEDY = "what a method says of a sealed text may be the text; evaluate it on public samples, where it is told"


def reason_told(task: Task, failure: UnitFailure) -> str:
    """Return why a unit of `task` failed, as far as it may be told."""
    if task.is_sealed and not failure.out_of_memory:  # Which is the machine's word.
        return f"not told: {_REMEDY}"
    return failure.reason


@contextmanager
def refusal_told(task: Task, method: str) -> Iterator[None]:
    """Let the refusal of a submission through as far as it may be told.

    Raises:
        SubmissionError: If the submission breaks a rule.
    """
    try:
        yield
    except SubmissionError:
        if not task.is_sealed:
            raise
        raise SubmissionError(
            f"submission {method}: it does not start, or breaks a rule or a limit; which is not told: {_REMEDY}"
        ) from None
