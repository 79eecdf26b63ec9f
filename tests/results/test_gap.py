"""Public beside sealed: worked out by hand, and flagged only when the interval says so."""

import math

import pytest

from cramboard.results import Paired, gap


def side(*samples: tuple[int, int, str]) -> list[Paired]:
    return [Paired(horizon, cram, author) for horizon, cram, author in samples]


def test_the_difference_in_differences_is_worked_out_by_hand() -> None:
    # Public: log(8/64) and log(16/64); sealed: log(4/64) and log(2/64). The means are log 2 of (-2.5) and (-4.5).
    public = side((7, 63, "a"), (15, 63, "b"))
    sealed = side((3, 63, "c"), (1, 63, "d"))
    found = gap(public, sealed).difference
    assert found.mean == pytest.approx(2 * math.log(2))
    # Two authors a side: the extreme draws, both times the better public and the worse sealed one, have 1 in 16.
    assert found.high == pytest.approx(3 * math.log(2))
    assert found.low == pytest.approx(1 * math.log(2))


def test_texts_that_are_harder_for_cramming_too_are_no_gap() -> None:
    public = side(*((31, 127, f"p{i}") for i in range(6)), (15, 63, "q"))
    sealed = side(*((7, 31, f"s{i}") for i in range(6)), (3, 15, "t"))
    found = gap(public, sealed)
    assert found.difference.mean == pytest.approx(0)
    assert not found.flagged


def test_a_memorised_public_set_is_flagged() -> None:
    public = side(*((60 + i, 63, f"p{i}") for i in range(8)))
    sealed = side(*((i % 3, 63, f"s{i}") for i in range(8)))
    found = gap(public, sealed)
    assert found.flagged
    assert 0 < found.difference.low < found.difference.mean < found.difference.high


def test_doing_better_on_sealed_texts_is_not_flagged() -> None:
    public = side(*((i, 63, f"p{i}") for i in range(8)))
    sealed = side(*((50 + i, 63, f"s{i}") for i in range(8)))
    assert not gap(public, sealed).flagged


def test_many_texts_of_one_author_are_not_many_witnesses() -> None:
    sealed = side(*((7 + i % 2, 63, f"s{i}") for i in range(10)))
    # One author's ten texts, all memorised, and nine authors with one ordinary text each.
    alone = side(*((63, 63, f"p{i}") for i in range(10)), *((7, 63, f"q{i}") for i in range(9)))
    together = side(*((63, 63, "p") for _ in range(10)), *((7, 63, f"q{i}") for i in range(9)))
    assert gap(alone, sealed).difference.mean == gap(together, sealed).difference.mean
    assert gap(alone, sealed).difference.low > gap(together, sealed).difference.low


def test_without_any_spread_nothing_is_flagged() -> None:
    assert not gap(side((63, 63, "a")), side((0, 63, "b"))).flagged


def test_a_side_without_samples_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        gap([], side((1, 1, "a")))
