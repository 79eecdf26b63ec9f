"""What can go wrong at the Hub or on the way: faults that strike the requests that they match."""

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Answer:
    """Answer with a status instead of what was asked for."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Hang:
    """Say nothing until the stand-in ends."""

    over: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class BreakOff:
    """Close the connection: before the answer, or in the midst of its body."""

    midway: bool = False


@dataclass(frozen=True)
class Change:
    """Send other bytes."""

    change: Callable[[bytes], bytes]


@dataclass
class Fault:
    """What happens to the first `times` requests (after `after` of them) whose "METHOD path" the pattern finds."""

    pattern: str
    what: Answer | Hang | BreakOff | Change
    times: int = 1_000_000
    after: int = 0

    def strikes(self, request: str) -> bool:
        """Whether it strikes this request; it is counted."""
        if not re.search(self.pattern, request):
            return False
        if self.after > 0:
            self.after -= 1
            return False
        self.times -= 1
        return self.times >= 0
