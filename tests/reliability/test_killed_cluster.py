"""SIGKILL of a driver on Ray, and of the whole Ray cluster: one line, and the same command completes elsewhere."""

import os
import signal
import subprocess
import sys
from contextlib import suppress

from tests.reliability.conftest import SAMPLES
from tests.reliability.drivers import Place
from tests.reliability.processes import below, still_there
from tests.waiting import PATIENCE_SECONDS, wait_until

WORDS = ("--limit", SAMPLES, "--executor", "ray", "--workers", 2)


def test_killed_with_its_cluster_and_then_alone_a_run_ends_as_if_undisturbed(place: Place, undisturbed: Place) -> None:
    # However late the kill comes, the run is still going on.
    place.hold(SAMPLES // 3, SAMPLES)
    # The interpreter's own end is part of this: what is left of Ray must not hold it up.
    words = [sys.executable, "-m", "cramboard", *place.typed(*WORDS)]
    with subprocess.Popen(
        words, env=os.environ | place.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as driver:
        try:
            wait_until(place.units, "a unit is stored", going_on=lambda: driver.poll() is None)
            for process in below(driver.pid):
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
            out, err = driver.communicate(timeout=PATIENCE_SECONDS)
        finally:
            driver.kill()
    said = [line for line in err.splitlines() if line.startswith("cramboard: ")]
    assert (driver.returncode, out, len(said)) == (4, "", 1)
    assert said[0].startswith("cramboard: the Ray cluster no longer answers; what is finished is kept")

    kept, made = place.units(), len(place.made())
    place.let_go()
    place.hold(2 * SAMPLES // 3, SAMPLES)
    second = place.start(*WORDS)
    second.wait_for(lambda: len(place.units()) > len(kept), "a further unit is stored")
    left = [process for process in below(second.process.pid) if process.name.startswith("ray::Worker")]
    niceness = {os.getpriority(os.PRIO_PROCESS, process.pid) for process in left}
    second.kill()
    assert second.end().code == -signal.SIGKILL
    assert left
    assert niceness == {os.getpriority(os.PRIO_PROCESS, 0)}
    assert not set(place.made()[made:]) & kept.keys()
    assert kept.items() <= place.units().items()
    wait_until(lambda: not any(map(still_there, left)), "no worker outlives its driver")

    kept, made = place.units(), len(place.made())
    place.let_go()
    ended = place.start(*WORDS).end()
    slow = "no worker has been ready"  # What is said where starting one takes long.
    assert ended.code == 0
    assert [line for line in ended.err.splitlines() if not line.startswith(slow)] == [
        f"{len(kept)} of {SAMPLES} samples are finished already and kept"
    ]
    assert not set(place.made()[made:]) & kept.keys()
    assert place.results() == undisturbed.results()
