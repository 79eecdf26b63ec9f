"""Long units go first, and the last ones are cut so that all workers end together."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from cramboard.run.executors.sharing import longest_first, share_out
from cramboard.run.units import Unit
from cramboard.tasks import Sample


def unit(*ids: str) -> Unit:
    return Unit(tuple(Sample(name, "text", "1" * 64, "author", "2026", "origin", "public", "licence") for name in ids))


def names(units: list[Unit]) -> list[list[str]]:
    return [[sample.id for sample in unit.samples] for unit in units]


def test_the_units_with_the_most_tokens_are_handed_out_first() -> None:
    spans = {"short": 16, "long": 64, "middle": 20, "other": 20}
    units = [unit("short"), unit("middle", "other"), unit("long")]
    assert names(longest_first(units, spans)) == [["long"], ["middle", "other"], ["short"]]


def test_equal_units_keep_the_task_s_order() -> None:
    spans = dict.fromkeys("abc", 8)
    assert names(longest_first([unit("b"), unit("a"), unit("c")], spans)) == [["b"], ["a"], ["c"]]


def test_one_unit_is_dealt_out_to_all_workers_by_its_tokens() -> None:
    spans = {"a": 60, "b": 10, "c": 30, "d": 20}
    assert names(share_out([unit("a", "b", "c", "d")], 2, spans)) == [["a"], ["c", "d", "b"]]


def test_samples_are_never_cut() -> None:
    assert names(share_out([unit("a", "b")], 5, {"a": 1, "b": 2})) == [["b"], ["a"]]


@given(st.lists(st.lists(st.integers(1, 100), min_size=1, max_size=6), min_size=1, max_size=6), st.integers(1, 9))
def test_no_sample_is_lost_and_no_worker_has_more_than_the_longest_sample_above_another(
    lengths: list[list[int]], workers: int
) -> None:
    numbers = itertools.count()
    spans: dict[str, int] = {}
    units = []
    for group in lengths:
        members = [str(next(numbers)) for _ in group]
        spans |= dict(zip(members, group, strict=True))
        units.append(unit(*members))
    dealt = names(share_out(units, workers, spans))
    assert sorted(itertools.chain(*dealt)) == sorted(spans)
    assert len(dealt) == min(workers, len(spans))
    loads = [sum(spans[name] for name in part) for part in dealt]
    assert max(loads) - min(loads) <= max(spans.values())
