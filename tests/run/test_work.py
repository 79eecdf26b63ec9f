"""What is given ahead to workers, and what becomes of a unit whose worker was lost before or after it had begun."""

from types import SimpleNamespace
from typing import Any

from cramboard.run import Observer
from cramboard.run.execute import UnitFailure
from cramboard.run.executors.jobs import Broken, Lost, Unbegun
from cramboard.run.executors.work import Work
from cramboard.run.units import Unit
from cramboard.tasks import Sample

LOST = Lost("its worker was lost")


class Notices(Observer):
    """Keeps what a person is told."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def notice(self, text: str) -> None:
        self.heard.append(text)


def work_of(*units: str, observer: Observer | None = None, fixed: bool = True) -> Work:
    """Return units of the samples that are named in each, the first the longest."""
    spans = {name: 100 - place for place, name in enumerate(" ".join(units).split())}
    context: Any = SimpleNamespace(spans=spans, fixed_units=fixed)
    made = [
        Unit(tuple(Sample(name, "text", "1" * 64, "author", "2026", "origin", "public", "licence") for name in unit))
        for unit in map(str.split, units)
    ]
    return Work(made, context, observer or Observer())


def taken(unit: Unit | None) -> Unit:
    assert unit is not None
    return unit


def name(unit: Unit | None) -> str:
    return taken(unit).samples[0].id


def names(unit: Unit | None) -> str:
    return " ".join(sample.id for sample in taken(unit).samples)


def test_units_are_given_ahead_only_while_another_waits_for_every_worker() -> None:
    work = work_of("a", "b", "c", "d")
    assert [name(work.take_ahead(2)), name(work.take_ahead(2))] == ["a", "b"]  # Still the longest first.
    assert work.take_ahead(2) is None
    assert [name(work.take()), name(work.take()), work.take()] == ["c", "d", None]


def test_a_unit_that_was_not_begun_is_tried_again_without_a_loss_or_a_word() -> None:
    notices = Notices()
    work = work_of("a", "b", observer=notices)
    for _ in range(5):
        assert work.end(taken(work.take()), Unbegun()) == []
    unit = taken(work.take())
    for lost in (1, 2):
        assert work.end(unit, LOST) == []
        assert notices.heard == ["sample a: its worker was lost; trying again on another"] * lost
        assert work.take() == unit
    assert work.end(unit, LOST) == [UnitFailure(unit, "its worker was lost, 3 times")]


def test_a_loss_that_may_be_another_unit_s_is_told_and_not_counted() -> None:
    notices = Notices()
    work = work_of("a", "b", observer=notices)
    unit = taken(work.take())
    assert work.end(unit, Lost("its worker was lost", unsure=True)) == []
    assert notices.heard == ["sample a: its worker was lost; trying again on another"]
    for _ in (1, 2):
        assert work.take() == unit
        assert work.end(unit, LOST) == []
    assert work.take() == unit
    assert work.end(unit, LOST) == [UnitFailure(unit, "its worker was lost, 3 times")]


def test_what_comes_back_of_a_lost_worker_goes_out_first_and_in_its_order() -> None:
    work = work_of("a", "b", "c", "d")
    first, second = taken(work.take()), taken(work.take_ahead(1))
    for unit, result in ((second, Unbegun()), (first, LOST)):
        assert work.end(unit, result) == []
    assert [name(work.take()) for _ in "abcd"] == ["a", "b", "c", "d"]
    assert work.open


def test_the_halves_of_a_unit_that_failed_go_out_next_and_in_their_order() -> None:
    work = work_of("a b c", "d")
    unit = taken(work.take())
    assert work.end(unit, UnitFailure(unit, "it broke")) == []
    for sample in ("a", "b c", "d"):
        assert names(work.take()) == sample


def test_what_cannot_be_had_of_a_single_sample_is_its_failure() -> None:
    work = work_of("a")
    unit = taken(work.take())
    assert work.end(unit, Broken("it does not travel")) == [UnitFailure(unit, "it does not travel")]
    assert not work.open


def test_the_last_units_are_dealt_out_once_and_as_many_workers_are_useful_as_there_are_units() -> None:
    work = work_of("a b c", "d", fixed=False)
    assert work.share_out(2) == 2
    assert names(work.take()) == "a b c"
    assert work.share_out(3) == 2  # One is out; the other one cannot be cut.
    work = work_of("a b c", fixed=False)
    assert work.share_out(3) == 3
    assert [names(work.take()) for _ in range(3)] == ["a", "b", "c"]
    work = work_of("a b c d", fixed=False)
    assert work.share_out(2) == 2
    assert work.share_out(4) == 2


def test_units_whose_size_a_person_chose_are_not_dealt_out() -> None:
    work = work_of("a b c")
    assert work.share_out(3) == 1
    assert names(work.take()) == "a b c"


def test_what_came_back_is_alone_on_the_next_worker() -> None:
    work = work_of("a", "b", "c", "d", "e")
    first, second = taken(work.take()), taken(work.take_ahead(1))
    assert not work.came_back(first)
    work.end(second, Unbegun())
    work.end(first, LOST)
    for unit in (first, second):
        assert work.take_ahead(1) is None
        assert work.take() == unit
        assert work.came_back(unit)
    assert name(work.take_ahead(1)) == "c"
