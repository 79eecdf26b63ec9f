"""Continuous batching: keep the slots full, step them, and never make the device wait for the host.

What a slot does in a step is its method's own; seats, memory, clock and progress are the same for all.
"""

import contextlib
import gc
import time
import traceback
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import torch

from cramboard.decoders import Stepper
from cramboard.methods.engine.passes import Pass
from cramboard.methods.interface import Assignment, Request

# Steps between two looks at the slots.
_STEPS = {"cpu": 1, "cuda": 4}
# More samples at once fill a GPU no better.
_MOST_SLOTS = 64


class Found(Protocol):
    """What a finished search leaves."""

    @property
    def horizon(self) -> int:
        """The most leading tokens that the search counted."""


Result = TypeVar("Result", bound=Found)
Left = TypeVar("Left", bound=Found, covariant=True)


class Slots(Protocol[Left]):
    """The samples that are being searched now, a fixed number of slots on the device, each with a life of its own."""

    ids: torch.Tensor
    """`[count, n]` token ids of the seated samples."""

    def begin(self, row: int, sample: str, ids: tuple[int, ...], seed: int) -> None:
        """Seat a sample in slot `row`."""

    def take(self, row: int) -> Left:
        """Return what the finished search in slot `row` found; the slot is free then."""

    def observe(self) -> torch.Tensor:
        """Return `[count + 1, 3]` int64: each slot's life, horizon and steps; in the last row the room needed."""

    def step(self, room: int) -> None:
        """Take one step with every live slot, if together they fit the room. It must not synchronise."""


@dataclass(frozen=True)
class Searched(Generic[Result]):
    """A finished search, and the clock while it ran: `seconds(step)` is what its first steps cost."""

    found: Result
    seconds: Callable[[int], float]


def search_all(
    request: Request,
    steps: int,
    choose: Callable[[int], Pass],
    seat: Callable[[Pass, int, int], Slots[Result]],
) -> list[Searched[Result]]:
    """Search every assignment with as many slots as memory allows; out of memory, go on with half of them.

    Args:
        request: Whose assignments; each is searched as if it were alone.
        steps: Most steps of a search, for the report.
        choose: Returns the pass for rows of at most n tokens.
        seat: Returns `count` free slots for rows of at most `n` tokens: `seat(pass, count, n)`.
    """
    done: dict[int, Searched[Result]] = {}
    report = _Report(request, steps, done)
    most = _MOST_SLOTS
    while len(done) < len(request.assignments):
        try:
            _search_open(request, choose, seat, most, done, report)
        except torch.OutOfMemoryError as error:
            most = min(most, len(request.assignments) - len(done)) // 2
            if not most:
                raise
            traceback.clear_frames(error.__traceback__)
        gc.collect()
        torch.cuda.empty_cache()
    return [done[index] for index in range(len(request.assignments))]


def _search_open(
    request: Request,
    choose: Callable[[int], Pass],
    seat: Callable[[Pass, int, int], Slots[Result]],
    most: int,
    done: dict[int, Searched[Result]],
    report: Callable[[dict[int, tuple[int, int]]], None],
) -> None:
    """Search what is not done yet with at most `most` slots."""
    device, assignments = request.decoder.device, request.assignments
    n = max(len(assignment.ids) for assignment in assignments)
    open_ = [index for index in range(len(assignments)) if index not in done]
    a_pass = choose(n)
    count = min(len(open_), most, a_pass.rows(n))
    slots = seat(a_pass, count, n)
    # Events and kernels go to the current device, which need not be the decoder's.
    with torch.cuda.device(device) if device.type == "cuda" else contextlib.nullcontext():
        _search(slots, a_pass, count, assignments, open_, request.seed, done, report)


class _Report(Generic[Result]):
    """Tells the request's listener of steps and horizons, finished and running searches together."""

    def __init__(self, request: Request, steps: int, done: dict[int, Searched[Result]]) -> None:
        self._steps, self._request, self._done = steps, request, done
        self._horizons = [0] * len(request.assignments)
        self._told = -1

    def __call__(self, running: dict[int, tuple[int, int]]) -> None:
        """Hear the steps and the horizon of each running search."""
        for index, (_, horizon) in running.items():
            self._horizons[index] = horizon
        for index, result in self._done.items():
            self._horizons[index] = result.found.horizon
        total = self._steps * len(self._done) + sum(steps for steps, _ in running.values())
        step = total // len(self._horizons)
        if step != self._told:
            self._told = step
            self._request.report(step, self._steps, self._horizons)


def _search(
    slots: Slots[Result],
    a_pass: Pass,
    count: int,
    assignments: Sequence[Assignment],
    open_: Sequence[int],
    seed: int,
    done: dict[int, Searched[Result]],
    report: Callable[[dict[int, tuple[int, int]]], None],
) -> None:
    """Search the assignments whose indices are `open_`; put each into `done` as it ends.

    A slot that falls free takes the next assignment at once. `report` hears the steps and the horizon of every
    seated assignment now and then.
    """
    device = slots.ids.device
    stepper, watch = Stepper(slots.step, device), _Watch(slots)
    waiting = deque(open_)
    seats: dict[int, _Seat] = {}
    free = list(range(count))
    while waiting or seats:
        while waiting and free:
            row, index = free.pop(), waiting.popleft()
            slots.begin(row, assignments[index].sample, assignments[index].ids, seed)
            seats[row] = _Seat(index, watch.looks, watch.steps)
        view = watch.look(len(seats))
        for row, seat in list(seats.items()):
            if view.number >= seat.since and not view.slots[row][0]:
                done[seat.index] = Searched(slots.take(row), watch.clock_from(seat.first_step))
                del seats[row]
                free.append(row)
        seen = {seat.index: view.slots[row] for row, seat in seats.items() if view.number >= seat.since}
        report({index: (steps, horizon) for index, (_, horizon, steps) in seen.items()})
        if seats and not (waiting and free):
            room = a_pass.room(view.need)
            for _ in range(_STEPS.get(device.type, 1)):
                stepper(room)
                watch.steps += 1


@dataclass(frozen=True)
class _Seat:
    """Who sits in a slot, since which look and which step."""

    index: int
    since: int
    first_step: int


@dataclass(frozen=True)
class _View:
    """The slots as a look saw them: life, horizon and steps of each, and the room they need."""

    number: int
    slots: list[list[int]]
    need: int


class _Watch:
    """Looks at the slots without making the device wait: on CUDA a look returns what the one before it asked for.

    It also keeps the clock. The time of a step is shared equally among the samples in it, so the clock runs in
    seconds a sample.
    """

    def __init__(self, slots: Slots[Found]) -> None:
        self._slots = slots
        self._behind = slots.ids.device.type == "cuda"
        self._asked: tuple[int, int, torch.Tensor, torch.cuda.Event | None] | None = None
        self.looks = 0
        self.steps = 0
        self._before = time.monotonic()
        self._clock: list[tuple[int, float]] = [(0, 0.0)]

    def look(self, sharing: int) -> _View:
        """Ask for the slots' state now; return the newest that is there. `sharing` samples share the time."""
        asked, self._asked = self._asked, self._ask()
        number, steps, state, ready = asked if asked is not None and self._behind else self._asked
        if ready is not None:
            ready.synchronize()
        now = time.monotonic()
        if steps > self._clock[-1][0]:
            self._clock.append((steps, self._clock[-1][1] + (now - self._before) / max(1, sharing)))
            self._before = now
        rows = state.tolist()
        return _View(number, rows[:-1], rows[-1][0])

    def clock_from(self, first: int) -> Callable[[int], float]:
        """Return the seconds a sample from step `first` on, as a function of the steps since."""
        marks = list(self._clock)

        def at(step: int) -> float:
            after = min(bisect_left(marks, (step, -1.0)), len(marks) - 1)
            (s0, t0), (s1, t1) = marks[max(0, after - 1)], marks[after]
            return t1 if s1 == s0 else t0 + (t1 - t0) * min(1.0, (step - s0) / (s1 - s0))

        return lambda steps: at(first + steps) - at(first)

    def _ask(self) -> tuple[int, int, torch.Tensor, "torch.cuda.Event | None"]:
        number, self.looks = self.looks, self.looks + 1
        state = self._slots.observe()
        if not self._behind:
            return number, self.steps, state, None
        here = torch.empty(state.shape, dtype=state.dtype, pin_memory=True)
        here.copy_(state, non_blocking=True)
        ready = torch.cuda.Event()  # type: ignore[no-untyped-call]
        ready.record()
        return number, self.steps, here, ready
