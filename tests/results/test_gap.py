"""Public beside sealed: worked out by hand, and flagged only when the interval says so."""

import math

import pytest

from cramboard.results import Beside, Measured, Paired, flagged, gap, sealed_gap
from cramboard.schema import Interval
from tests import records


def side(*samples: tuple[int, int, str]) -> list[Paired]:
    return [Paired(horizon, cram, author) for horizon, cram, author in samples]


@pytest.mark.parametrize("texts", [((3, 63, "c"), (1, 63, "d")), ((1, 63, "c"), (3, 63, "d"))])
def test_the_difference_in_differences_is_worked_out_by_hand(texts: tuple[tuple[int, int, str], ...]) -> None:
    # Public: log(8/64) and log(16/64); sealed: log(4/64) and log(2/64). The means are log 2 of (-2.5) and (-4.5).
    public = side((7, 63, "a"), (15, 63, "b"))
    sealed = side(*texts)
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


def test_of_one_author_the_texts_are_drawn() -> None:
    public = side(*((60 + i, 63, "one") for i in range(8)))
    found = gap(public, side((3, 63, "other"))).difference
    assert found.low < found.mean < found.high


def test_without_any_spread_nothing_is_flagged() -> None:
    assert not gap(side((63, 63, "a")), side((0, 63, "b"))).flagged


def test_a_side_without_samples_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        gap([], side((1, 1, "a")))


def measured(name: str, **horizons: int) -> Measured:
    """Return made-up records; a sample's author is its first letter."""
    made = [records.record(sample, author=sample[0], horizon=h, tokens=900) for sample, h in horizons.items()]
    return Measured(made, name * 64)


def test_the_samples_that_both_have_are_paired_by_their_ids() -> None:
    found = Beside(measured("a", x1=7, y1=3, x2=1), measured("b", x2=3, z1=40, x1=63)).side
    assert (found.samples, found.authors) == (2, 1)
    assert found.mean == pytest.approx((math.log(8 / 64) + math.log(2 / 4)) / 2)
    assert (found.samples_sha256, found.cram_samples_sha256) == ("a" * 64, "b" * 64)


def test_what_is_filed_follows_from_both_sides() -> None:
    public = Beside(measured("a", x1=63, y1=60, z1=50), measured("b", x1=63, y1=63, z1=63))
    sealed = Beside(measured("c", p1=0, q1=1, r1=2), measured("d", p1=63, q1=63, r1=63))
    made = sealed_gap(public, sealed, baseline="cram", verifier_version=7)
    assert made.gap == gap(public.pairs, sealed.pairs).difference
    assert made.gap.mean == pytest.approx(made.public.mean - made.sealed.mean)
    assert (made.flagged, made.baseline, made.verifier_version) == (True, "cram", 7)
    assert sealed_gap(public, public, baseline="cram", verifier_version=7).flagged is False


def test_two_results_without_a_common_sample_have_no_side() -> None:
    with pytest.raises(ValueError, match="no sample in common"):
        _ = Beside(measured("a", x1=1), measured("b", y1=1)).side


@pytest.mark.parametrize(("low", "high", "says"), [(0.1, 0.4, True), (-0.1, 0.4, False), (0.2, 0.2, False)])
def test_only_an_interval_above_nothing_is_flagged(low: float, high: float, says: bool) -> None:
    assert flagged(Interval(mean=0.2, low=low, high=high)) is says
