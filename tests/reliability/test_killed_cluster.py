"""SIGKILL of a driver on Ray, and of the whole Ray cluster: one line, and the same command completes elsewhere."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

from tests.reliability.conftest import SAMPLES
from tests.reliability.drivers import Place
from tests.reliability.processes import alive, below

WORDS = ("--limit", SAMPLES, "--executor", "ray", "--workers", 2)


def test_killed_with_its_cluster_and_then_alone_a_run_ends_as_if_undisturbed(place: Place, undisturbed: Place) -> None:
    # The interpreter's own end is part of this: what is left of Ray must not hold it up.
    words = [sys.executable, "-m", "cramboard", *place.typed(*WORDS)]
    with subprocess.Popen(
        words, env=os.environ | place.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as driver:
        while not place.units():
            assert driver.poll() is None
            time.sleep(0.01)
        for process in below(driver.pid):
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        out, err = driver.communicate(timeout=100)
    said = [line for line in err.splitlines() if line.startswith("cramboard: ")]
    assert (driver.returncode, out, len(said)) == (4, "", 1)
    assert said[0].startswith("cramboard: the Ray cluster no longer answers; what is finished is kept")

    kept, made = place.units(), len(place.made())
    second = place.start(*WORDS)
    second.wait_for(lambda: len(place.units()) > len(kept))
    left = [process for process in below(second.process.pid) if process.name.startswith("ray::Worker")]
    second.kill()
    assert second.end().code == -signal.SIGKILL
    assert left
    assert not set(place.made()[made:]) & kept.keys()
    assert kept.items() <= place.units().items()
    patience = time.monotonic() + 60
    while any(process.pid in alive() for process in left):
        assert time.monotonic() < patience, "workers outlive their driver"
        time.sleep(0.1)

    kept, made = place.units(), len(place.made())
    ended = place.start(*WORDS).end()
    assert (ended.code, ended.err) == (0, f"{len(kept)} of {SAMPLES} samples are finished already and kept\n")
    assert not set(place.made()[made:]) & kept.keys()
    assert place.results() == undisturbed.results()
