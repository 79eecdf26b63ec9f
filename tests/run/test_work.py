"""What is given ahead to workers, and what becomes of a unit whose worker was lost before or after it had begun."""

from types import SimpleNamespace
from typing import Any

from cramboard.run import Observer
from cramboard.run.execute import UnitFailure
from cramboard.run.executors.jobs import Lost, Unbegun
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


def work_of(*names: str, observer: Observer | None = None) -> Work:
    """Return units of one sample each, the first the longest."""
    samples = [Sample(name, "text", "1" * 64, "author", "2026", "origin", "public", "licence") for name in names]
    spans = {name: 100 - place for place, name in enumerate(names)}
    context: Any = SimpleNamespace(spans=spans, fixed_units=True)
    return Work([Unit((sample,)) for sample in samples], context, observer or Observer())


def taken(unit: Unit | None) -> Unit:
    assert unit is not None
    return unit


def name(unit: Unit | None) -> str:
    return taken(unit).samples[0].id


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
