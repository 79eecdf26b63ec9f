"""One driver holds a run folder; the second is refused, and a lock dies with its process."""

import signal

import pytest

from tests.reliability.drivers import Place
from tests.run.commands import contents, cramboard, lines, status


def test_a_second_driver_is_refused_and_the_first_unharmed(place: Place, undisturbed: Place) -> None:
    place.hold(2, 3)
    first = place.start("--limit", 3)
    first.wait_for(lambda: len(place.made()) == 3, "it is at its last sample")
    before, made = contents(place.run), place.made()
    place.start("--limit", 3).end().refused(4, f"{place.run}: another run is working in this folder")
    assert status(place.run)["finished"] == len(place.units()) == 2
    assert (contents(place.run), place.made()) == (before, made)
    place.let_go()
    assert (first.end().code, first.end().err) == (0, "")
    assert lines(place.run).items() <= lines(undisturbed.run).items()
    assert len(place.made()) == 3


def test_verify_does_not_write_into_a_folder_that_is_worked_in(place: Place) -> None:
    assert place.start("--limit", 1).end().code == 0
    place.hold(2, 3)
    driver = place.start("--limit", 3)
    driver.wait_for(lambda: len(place.made()) == 3, "it is at its last sample")
    before = contents(place.run)
    words = ("-d", place.decoder, "--threads", 1)
    said = cramboard("verify", place.run, *words).err
    assert said.startswith("cramboard: ")
    assert said.count("\n") == 1
    assert contents(place.run) == before
    place.let_go()
    assert driver.end().code == 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_lock_of_a_process_that_was_killed_is_no_obstacle(place: Place, number: int) -> None:
    place.hold(1, 2)
    driver = place.start("--limit", 2)
    driver.wait_for(lambda: len(place.made()) == 2, "it is at its last sample")
    driver.kill(number)
    assert driver.end().code == -number
    assert (place.run / ".lock").exists()
    place.let_go()
    assert place.start("--limit", 2).end().code == 0
