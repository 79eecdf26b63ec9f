"""A clock that jumps, to and fro: it is written down once, in `started`, and nothing else looks at it."""

import itertools
import os
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime, tzinfo
from pathlib import Path

import pytest

from cramboard.tasks import load_task
from tests.reliability.drivers import Place, environment, words_of
from tests.run.commands import lines
from tests.waiting import PATIENCE_SECONDS, wait_until

LIBRARIES = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib/faketime", "/usr/local/lib/faketime")
YEAR_SECONDS = 365 * 24 * 3600


def jumping() -> None:
    """Have this process read a clock that is a year fast, then three slow, then right, and so on."""
    leaps, right = itertools.cycle((YEAR_SECONDS, -3 * YEAR_SECONDS, 0)), time.time

    class Leaping(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.fromtimestamp(time.time(), tz or UTC)

    time.time = lambda: right() + next(leaps)
    time.time_ns = lambda: int(time.time() * 1e9)
    import cramboard.run.record as record

    record.datetime = Leaping


def test_a_clock_that_jumps_changes_no_result(place: Place, undisturbed: Place) -> None:
    place.hold(1, 3)
    driver = place.start("--limit", 3, before=jumping)
    driver.wait_for(lambda: len(place.made()) == 2, "it is at its second sample")
    driver.kill()
    driver.end()
    place.let_go()
    ended = place.start("--limit", 3, before=jumping).end()
    assert (ended.code, len(ended.err.splitlines())) == (0, 1)
    assert lines(place.run).items() <= lines(undisturbed.run).items()
    assert len(set(place.made())) == 3
    assert len(place.made()) == 4


def _library() -> Path | None:
    return next(iter(path for folder in LIBRARIES for path in Path(folder).glob("**/libfaketime.so.1")), None)


@pytest.mark.skipif(_library() is None, reason="libfaketime is not installed")
def test_a_machine_whose_clock_is_set_while_a_run_works_changes_no_result(
    undisturbed: Place, short_folder: Path, common_cache: Path, tmp_path: Path
) -> None:
    clock, run = tmp_path / "clock", tmp_path / "run"
    clock.write_text("+0")
    faked = {
        "LD_PRELOAD": str(_library()), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
    }  # fmt: skip
    held = [tmp_path / f"hold-{line.id}" for line in load_task("speeches").select(limit=6)[1:]]
    for sample in held:
        sample.touch()
    words = [sys.executable, "-m", "cramboard", *words_of(short_folder, run, "--limit", 6)]
    with subprocess.Popen(
        words,
        env=os.environ | environment(tmp_path, common_cache) | faked,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as driver:
        try:
            for units, leap in enumerate(("-900d", "+4000d", "+0", "-900d", "+4000d"), start=1):
                wait_until(
                    lambda units=units: len(list(run.glob("units/[!.]*"))) == units,
                    f"{units} units are stored",
                    going_on=lambda: driver.poll() is None,
                )
                clock.write_text(leap)
                held.pop(0).unlink()
            _, said = driver.communicate(timeout=PATIENCE_SECONDS)
        finally:
            driver.kill()
    assert (driver.returncode, said) == (0, "")
    assert lines(run).items() <= lines(undisturbed.run).items()
    shutil.rmtree(run)
