"""A step that does not fit its room is no step for anybody, and a slot counts its own steps alone."""

import pytest
import torch

from cramboard.methods.engine.passes.reference import ReferencePass
from cramboard.methods.engine.seats import Seats


class SumPass(ReferencePass):
    """A pass that packs its rows: they need as much room as their targets together."""

    def __init__(self) -> None:
        pass

    def need(self, targets: torch.Tensor) -> torch.Tensor:
        return targets.sum()


@pytest.fixture
def seats() -> Seats:
    """Three slots, the middle one free, with targets of 4 and 3 tokens."""
    seats = Seats(SumPass(), 3, 6, (0.1, 0.2), torch.zeros((), dtype=torch.float64))
    seats.sit(0, (7, 8, 9, 10, 11), 4)
    seats.sit(2, (5, 6, 7), 3)
    return seats


def test_all_live_slots_are_called_or_none(seats: Seats) -> None:
    active, targets = seats.called(7)
    assert (active.tolist(), targets.tolist()) == ([True, False, True], [4, 0, 3])
    active, targets = seats.called(6)
    assert (active.tolist(), targets.tolist()) == ([False] * 3, [0, 0, 0])
    assert seats.advance(active).tolist() == [0.1] * 3
    assert seats.steps.tolist() == [0, 0, 0]


def test_a_slot_s_rate_follows_its_own_steps_and_the_last_one_stays(seats: Seats) -> None:
    first, third = torch.tensor([True, False, False]), torch.tensor([False, False, True])
    seats.advance(first)
    assert seats.advance(first).tolist() == [0.2, 0.1, 0.1]
    assert seats.advance(third).tolist() == [0.2, 0.1, 0.1]
    assert seats.steps.tolist() == [2, 0, 1]


def test_who_sits_down_begins_anew(seats: Seats) -> None:
    seats.advance(torch.tensor([True, False, True]))
    seats.sit(0, (1, 2), 2)
    assert seats.ids[0].tolist() == [1, 2, 0, 0, 0, 0]
    assert (seats.lengths.tolist(), seats.targets.tolist(), seats.steps.tolist()) == ([2, 0, 3], [2, 0, 3], [0, 0, 1])


def test_a_look_tells_life_horizon_and_steps_and_the_room_of_the_live(seats: Seats) -> None:
    seats.live[2] = False
    assert seats.observe(torch.tensor([3, 0, 2])).tolist() == [[1, 3, 0], [0, 0, 0], [0, 2, 0], [4, 4, 4]]


def test_a_slot_that_fell_free_asks_for_no_room(seats: Seats) -> None:
    seats.live[2] = False
    active, targets = seats.called(4)
    assert (active.tolist(), targets.tolist()) == ([True, False, False], [4, 0, 0])
