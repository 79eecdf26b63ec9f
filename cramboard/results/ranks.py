"""Ranks as tie groups: a row is below the leader of its group only if the evidence says so."""

from collections.abc import Hashable, Sequence

from cramboard.results.bootstrap import mean_interval


def tie_groups(rows: Sequence[Sequence[float]], authors: Sequence[Hashable]) -> list[int]:
    """Return the rank of each row of `rows` ([rows][samples], best mean first): 1, 1, 3 for a tie of the first two.

    From the top, a row joins the group of its leader unless the 95% interval of the paired difference, sample by
    sample and clustered by author, excludes 0; then it leads the next group. A rank is one more than the number of
    rows above the group. One sample is no evidence of a difference.
    """
    ranks: list[int] = []
    leader = 0
    for at in range(len(rows)):
        if at and differs(rows[leader], rows[at], authors):
            leader = at
        ranks.append(leader + 1)
    return ranks


def differs(first: Sequence[float], second: Sequence[float], authors: Sequence[Hashable]) -> bool:
    """Say whether the paired interval of `first - second` excludes 0."""
    differences = [a - b for a, b in zip(first, second, strict=True)]
    if len(differences) < 2:
        return False
    interval = mean_interval(differences, authors)
    return interval.low > 0 or interval.high < 0
