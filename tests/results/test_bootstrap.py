"""The interval on cases small enough to list every draw by hand, and against a plain reference."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cramboard.results.bootstrap import mean_interval, mean_intervals


def test_two_authors_give_the_three_means_that_can_be_drawn():
    # Draws: both first (0, a quarter), one of each (5, a half), both second (10, a quarter).
    interval = mean_interval([0.0, 10.0], ["a", "b"])
    assert (interval.mean, interval.low, interval.high) == (5.0, 0.0, 10.0)


def test_a_draw_too_rare_for_the_interval_is_left_out():
    # The 4 is drawn X ~ Binomial(4, 1/4) times and the mean is X: P(X = 4) = 0.4%, P(X >= 3) = 5.1%.
    interval = mean_interval([0.0, 0.0, 0.0, 4.0], ["a", "b", "c", "d"])
    assert (interval.mean, interval.low, interval.high) == (1.0, 0.0, 3.0)


def test_whole_authors_are_drawn_and_their_samples_weigh_alike():
    # a has 3 samples of 0, b has one of 8. Draws: a a -> 0, a b -> 8 / 4 = 2, b b -> 8.
    interval = mean_interval([0.0, 0.0, 0.0, 8.0], ["a", "a", "a", "b"])
    assert (interval.mean, interval.low, interval.high) == (2.0, 0.0, 8.0)


def test_one_author_resamples_the_samples():
    one_author = mean_interval([0.0, 0.0, 0.0, 4.0], ["a"] * 4)
    assert one_author == mean_interval([0.0, 0.0, 0.0, 4.0], ["a", "b", "c", "d"])


@pytest.mark.parametrize("values", [[31.2], [0.1, 0.1, 0.1]])
def test_no_spread_gives_no_width(values: list[float]):
    interval = mean_interval(values, list(range(len(values))))
    assert interval.low == interval.mean == interval.high == values[0]


def test_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one value"):
        mean_interval([], [])
    with pytest.raises(ValueError, match="an author for each"):
        mean_interval([1.0, 2.0], ["a"])


@given(st.data(), st.integers(1, 30), st.integers(1, 4))
def test_intervals_at_once_are_those_one_by_one(data: st.DataObject, samples: int, rows: int):
    authors = data.draw(st.lists(st.integers(0, 5), min_size=samples, max_size=samples))
    numbers = st.floats(-1e4, 1e4, allow_subnormal=False)
    values = data.draw(st.lists(st.lists(numbers, min_size=samples, max_size=samples), min_size=rows, max_size=rows))
    for made, row in zip(mean_intervals(values, authors), values, strict=True):
        one = mean_interval(row, authors)
        assert (made.mean, made.low, made.high) == pytest.approx((one.mean, one.low, one.high), abs=1e-9)


def test_no_rows_and_rows_of_another_length_are_refused():
    for rows, authors in (([], ["a"]), ([[]], []), ([[1.0], [1.0, 2.0]], ["a"])):
        with pytest.raises(ValueError, match="at least one value, and an author for each"):
            mean_intervals(rows, authors)


def test_close_to_a_plain_loop_with_other_random_numbers():
    source = random.Random(7)
    authors = [f"author-{source.randrange(12)}" for _ in range(40)]
    values = [source.gauss(100, 20) for _ in authors]
    interval = mean_interval(values, authors)
    names = sorted(set(authors))
    means = []
    for _ in range(4000):
        drawn = [
            value
            for name in source.choices(names, k=len(names))
            for value, author in zip(values, authors, strict=True)
            if author == name
        ]
        means.append(sum(drawn) / len(drawn))
    means.sort()
    assert interval.low == pytest.approx(means[100], abs=1.0)
    assert interval.high == pytest.approx(means[3900], abs=1.0)


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.integers(0, 5)), min_size=1, max_size=30))
def test_the_interval_holds_its_mean_and_is_the_same_twice(pairs: list[tuple[float, int]]):
    values, authors = [value for value, _ in pairs], [author for _, author in pairs]
    interval = mean_interval(values, authors)
    assert interval.low <= interval.mean <= interval.high
    assert interval == mean_interval(values, authors)
