"""The statistics of the findings, on data whose answers are known."""

import math
import random

import numpy as np
import pytest

from cramboard.results.equivalence import equivalence
from cramboard.results.ratio import ratio_interval
from cramboard.results.regression import Observation, slope


def made(
    rise: float, tasks: int = 5, authors: int = 10, texts: int = 4, noise: float = 1.0, levels: float = 0.0
) -> list[Observation]:
    """Texts with `y = rise x + levels task + what its author adds + noise`."""
    draw = random.Random(7)
    found = []
    for task in range(tasks):
        for author in range(authors):
            own = draw.gauss(0, noise)
            for _ in range(texts):
                x = 3 + 2 * task + draw.gauss(0, 0.5)
                found.append(Observation(task, author, x, rise * x + levels * task + own + draw.gauss(0, noise)))
    return found


def plain_slope(observations: list[Observation]) -> float:
    return float(np.polyfit([one.x for one in observations], [one.y for one in observations], 1)[0])


def test_texts_on_a_line_have_its_slope_and_no_spread() -> None:
    found = slope([Observation(one.task, one.author, one.x, 5 - 2 * one.x) for one in made(0)])
    assert (found.slope, found.low, found.high) == pytest.approx((-2, -2, -2))


def test_the_slope_is_least_squares_over_every_text() -> None:
    observations = made(3.0)
    assert slope(observations).slope == pytest.approx(plain_slope(observations))
    within = slope(observations, within=True).slope
    centered = []
    for task in range(5):
        of_it = [one for one in observations if one.task == task]
        x, y = (sum(getattr(one, name) for one in of_it) / len(of_it) for name in "xy")
        centered += [Observation(task, one.author, one.x - x, one.y - y) for one in of_it]
    assert within == pytest.approx(plain_slope(centered))


def test_levels_of_tasks_move_the_slope_over_all_and_not_the_one_within() -> None:
    observations = made(0.0, levels=10, noise=0.1)
    assert slope(observations).slope == pytest.approx(5, abs=0.4)
    within = slope(observations, within=True)
    assert within.low < 0 < within.high


def test_the_interval_holds_the_truth_and_is_wider_the_more_texts_of_an_author_are_alike() -> None:
    clustered = slope(made(3.0))
    assert clustered.low < 3 < clustered.high
    assert len(clustered.draws) == 10_000
    own_author = [Observation(one.task, at, one.x, one.y) for at, one in enumerate(made(3.0))]
    for within in (False, True):
        apart = slope(own_author, within)
        alike = [one for one in made(3.0, texts=1) for _ in range(4)]
        assert slope(alike, within).high - slope(alike, within).low > 1.5 * (apart.high - apart.low)


def test_an_affine_change_of_units_changes_the_slope_by_its_factor() -> None:
    first = slope(made(1.0))
    other = slope([Observation(one.task, one.author, 1e6 + 2 * one.x, 1e7 + 10 * one.y) for one in made(1.0)])
    assert (other.slope, other.low, other.high) == pytest.approx((5 * first.slope, 5 * first.low, 5 * first.high))


def test_of_one_author_the_texts_are_drawn() -> None:
    found = slope([Observation("a", "one", x, y) for x, y in ((1.0, 2.0), (2.0, 1.0), (3.0, 5.0), (4.0, 3.0))])
    assert found.low < found.slope < found.high


def test_every_draw_has_every_task() -> None:
    """Two tasks, each without any spread of x: the slope is between them and is there in every draw."""
    texts = [Observation(task, author, float(task), 4.0 * task) for task in (0, 1) for author in range(3)]
    found = slope(texts)
    assert (found.slope, found.low, found.high, len(found.draws)) == (4, 4, 4, 10_000)
    with pytest.raises(ValueError, match="texts that differ"):
        slope(texts, within=True)


def test_without_texts_there_is_no_slope() -> None:
    with pytest.raises(ValueError, match="needs texts"):
        slope([])


def test_the_same_texts_give_the_same_slope() -> None:
    assert np.array_equal(slope(made(2.0)).draws, slope(made(2.0)).draws)


def test_a_slope_that_is_nought_is_equivalent_to_nought_and_a_steep_one_is_not() -> None:
    flat, steep = slope(made(0.0, authors=40)), slope(made(0.5, authors=40))
    assert equivalence(flat.draws, -0.2, 0.2).holds
    assert not equivalence(steep.draws, -0.2, 0.2).holds
    assert [equivalence(one.draws, -0.2, 0.2).fails for one in (flat, steep)] == [False, True]
    assert equivalence(-steep.draws, -0.2, 0.2).fails
    # Too few texts show nothing, neither that it is 0 nor that it is not.
    few = slope(made(0.0, authors=2, texts=1, noise=8))
    assert few.low < 0 < few.high
    shown = equivalence(few.draws, -0.2, 0.2)
    assert (shown.holds, shown.fails) == (False, False)


def test_the_two_tests_on_draws_that_can_be_counted() -> None:
    draws = np.arange(1, 101) / 100
    found = equivalence(draws, 0.03, 1.5)
    assert found.p == pytest.approx(4 / 101)
    assert (found.low, found.high) == pytest.approx((0.0595, 0.9505))
    assert found.holds
    assert equivalence(draws, 0.05, 1.5).p == pytest.approx(6 / 101)
    assert not equivalence(draws, 0.05, 1.5).holds
    assert equivalence(draws, -1, 0.96).p == pytest.approx(6 / 101)
    for least, most in ((1, 1), (2, 1)):
        with pytest.raises(ValueError, match="bounds in order"):
            equivalence(draws, least, most)


def test_a_ratio_is_that_of_the_means() -> None:
    found = ratio_interval([1, 2, 9], [2, 4, 6], ["a", "b", "c"])
    assert found.mean == 1
    assert (found.low, found.high) == pytest.approx((0.5, 1.5))
    same = ratio_interval([1, 2, 3], [2, 4, 6], ["a", "b", "c"])
    assert (same.mean, same.low, same.high) == (0.5, 0.5, 0.5)


def test_a_ratio_draws_authors_and_not_texts() -> None:
    draw = random.Random(3)
    over = [draw.uniform(1, 9) for _ in range(30)]
    apart = ratio_interval(over, [1.0] * 30, range(30))
    alike = ratio_interval([value for value in over[:10] for _ in range(3)], [1.0] * 30, [at // 3 for at in range(30)])
    assert alike.high - alike.low > 1.2 * (apart.high - apart.low)
    one = ratio_interval(over, [1.0] * 30, ["a"] * 30)
    assert (one.low, one.high) == (apart.low, apart.high)


def test_samples_that_hold_nothing_count_and_may_not_be_all() -> None:
    found = ratio_interval([0, 3], [0, 4], ["a", "b"])
    assert found.mean == 0.75
    assert math.isfinite(found.low)
    for over, under in (([1.0], [0.0]), ([1.0, 1.0], [1.0]), ([], []), ([1.0, 1.0], [2.0, -1.0])):
        with pytest.raises(ValueError, match="something to divide by"):
            ratio_interval(over, under, list(range(len(over))))
