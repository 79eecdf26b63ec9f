"""Tie groups: who leads, who joins, and when the evidence parts them."""

from cramboard.results.ranks import differs, tie_groups

AUTHORS = [f"author-{at}" for at in range(12)]
NOISE = [0, 3, -2, 1, 4, -3, 2, -1, 0, 2, -4, 1]


def test_rows_that_do_not_differ_share_a_rank_and_the_next_group_counts_them():
    high = [100.0 + n for n in NOISE]
    close = [100.0 - n for n in NOISE]
    low = [50.0 + n for n in NOISE]
    assert tie_groups([high, close, low], AUTHORS) == [1, 1, 3]


def test_a_row_is_compared_with_the_leader_of_its_group_and_not_with_the_row_above():
    # Each step down is within the noise, two steps are not.
    first = [10.0 + n for n in NOISE]
    second = [9.2 - n for n in NOISE]
    third = [first[at] - 1.5 + 0.1 * (at % 3) for at in range(12)]
    assert not differs(first, second, AUTHORS)
    assert not differs(second, third, AUTHORS)
    assert tie_groups([first, second, third], AUTHORS) == [1, 1, 3]


def test_samples_are_paired():
    # Far apart between samples, yet one is better on every sample.
    hard = [10.0 * at for at in range(12)]
    better = [value + 1 + at % 2 for at, value in enumerate(hard)]
    assert differs(better, hard, AUTHORS)
    assert differs(hard, better, AUTHORS)


def test_one_sample_is_no_evidence():
    assert tie_groups([[9.0], [1.0]], ["a"]) == [1, 1]


def test_equal_rows_and_no_rows():
    assert tie_groups([[1.0, 2.0], [1.0, 2.0]], ["a", "b"]) == [1, 1]
    assert tie_groups([], []) == []
