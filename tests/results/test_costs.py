"""Costs: seconds a sample, classes, the joined anytime curve, and the front."""

import pytest

from cramboard.results.costs import Moment, anytime, cost_class, front, seconds_per_sample
from tests.records import cost, point


def test_seconds_are_shared_by_the_samples_of_all_units():
    assert seconds_per_sample([cost(["a", "b"]), cost(["c"])]) == pytest.approx(2 * 172.4 / 3)
    assert seconds_per_sample([]) is None


@pytest.mark.parametrize(
    ("seconds", "name"),
    [(0.0, "up to 0.1 s"), (0.1, "up to 0.1 s"), (0.11, "up to 1 s"), (10.0, "up to 10 s"), (10.1, "over 10 s")],
)
def test_cost_classes_hold_their_upper_end(seconds, name):
    assert cost_class(seconds) == name


def test_the_curve_of_units_is_the_mean_of_what_each_had_by_then():
    def unit(samples, *points):
        curve = tuple(point(seconds, 1, horizon) for seconds, horizon in points)
        return cost(samples).model_copy(update={"curve": curve})

    units = [unit(["a", "b"], (1.0, 10.0), (4.0, 20.0)), unit(["c"], (2.0, 40.0))]
    assert anytime(units) == [Moment(1.0, 20 / 3), Moment(2.0, 20.0), Moment(4.0, 80 / 3)]
    assert anytime([*units, unit([], (3.0, 90.0))]) == anytime(units)
    assert anytime([unit([], (3.0, 90.0))]) == []


def test_the_front_holds_only_what_nothing_cheaper_reaches():
    assert front([(5, 10), (1, 3), (2, 2), (5, 8), (9, 10), (10, 12)]) == [(1, 3), (5, 10), (10, 12)]
