"""SIGKILL of the driver, at any moment: what is finished is kept byte for byte and never made again."""

import random
import time

from tests.reliability.conftest import SAMPLES
from tests.reliability.drivers import Place
from tests.run.commands import lines

KILLS = 20


def test_killed_at_20_random_moments_a_run_ends_as_if_undisturbed(place: Place, undisturbed: Place) -> None:
    chance = random.Random(9)
    # Inside a unit. The last one waits, so that a driver is there to be killed however late that comes.
    place.hold(SAMPLES - 1, SAMPLES)
    moments = [
        (units, chance.uniform(0, 0.02 * (SAMPLES - units)))
        for units in sorted(chance.sample(range(1, SAMPLES - 2), KILLS))
    ]
    kept: dict[str, str] = {}
    for units, seconds in moments:
        made = len(place.made())
        driver = place.start("--limit", SAMPLES)
        driver.wait_for(lambda units=units: len(place.units()) >= units, f"{units} units are stored")
        time.sleep(seconds)
        driver.kill()
        assert driver.end().code == -9
        assert not set(place.made()[made:]) & kept.keys()
        assert kept.items() <= place.units().items()
        kept = place.units()
    place.let_go()
    made = len(place.made())
    ended = place.start("--limit", SAMPLES).end()
    assert (ended.code, ended.err) == (0, f"{len(kept)} of {SAMPLES} samples are finished already and kept\n")
    assert set(place.made()[made:]) == lines(place.run).keys() - kept.keys()
    assert len(place.made()) <= SAMPLES + KILLS
    assert kept == {sample: line + "\n" for sample, line in lines(place.run).items() if sample in kept}
    assert place.results() == undisturbed.results()
    assert {path.name for path in place.run.iterdir()} == {path.name for path in undisturbed.run.iterdir()}
