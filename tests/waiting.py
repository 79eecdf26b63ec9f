"""Wait for what matters to come about: as long as a busy machine may take, then fail and say what did not come."""

import time
from collections.abc import Callable

# What takes seconds where nothing else is going on; a test must not fail because other work goes on beside it.
PATIENCE_SECONDS = 300


def wait_until(there: Callable[[], object], what: str, going_on: Callable[[], object] = lambda: True) -> None:
    """Wait until `there()` holds; fail, naming `what`, if it does not in time or if `going_on()` no longer holds."""
    patience = time.monotonic() + PATIENCE_SECONDS
    while not there():
        assert going_on() or there(), f"over before {what}"
        assert time.monotonic() < patience, f"not within {PATIENCE_SECONDS} seconds: {what}"
        time.sleep(0.01)
