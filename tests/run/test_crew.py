"""Workers that are given one job ahead, on a Ray cluster of one process each: what is lost is known for what it is."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import ray

from cramboard import __version__
from cramboard.errors import MachineError
from cramboard.run.executors import crew as crews
from cramboard.run.executors.crew import Crew
from cramboard.run.executors.jobs import Job, Lost, Unbegun
from cramboard.run.executors.ray import RAY_VARIABLES
from cramboard.run.executors.worker import Told
from cramboard.verify import VERIFIER_VERSION
from tests.waiting import wait_until

pytestmark = [
    # Ray warns of what it will do with a GPU setting that no worker here has.
    pytest.mark.filterwarnings("ignore:Tip. In future versions of Ray:FutureWarning"),
]


class Hand:
    """A worker whose jobs begin by writing down their process, and end when they may."""

    def __init__(self, place: Path) -> None:
        self._place, self._run, self._at = place, "", ""

    def ready(self) -> tuple[str, int]:
        return __version__, VERIFIER_VERSION

    def begin(self, run: str) -> None:
        self._run = run

    def told(self) -> Told:
        return Told(samples=(self._at,))

    def execute(self, name: str, begun: None) -> str:
        self._at = name
        (self._place / "writing").write_text(str(os.getpid()))
        (self._place / "writing").rename(self._place / f"begun-{name}")
        while not (self._place / f"may-end-{name}").exists():
            time.sleep(0.01)
        return f"{name} of {self._run}"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


class Scene:
    """One worker, brisk: its last job was brief, and it is at none."""

    def __init__(self, place: Path, clock: Clock) -> None:
        self.place, self.clock = place, clock
        self.crew = Crew(place, gpus=0, limit=1)  # type: ignore[arg-type]
        self.crew.begin("the run")  # type: ignore[arg-type]
        self.crew.staff(1)
        self.wait_until_ready()
        self.give("brief")
        self.let_end("brief")
        assert self.ended() == [("brief", "brief of the run")]

    def wait_until_ready(self) -> None:
        """Wait until the worker is there and at nothing; no job ends meanwhile."""

        def ready() -> bool:
            assert self.crew.ended(0.1) == []
            return self.crew.idle == 1

        wait_until(ready, "the worker is ready")

    def give(self, name: str, alone: bool = False) -> None:
        self.crew.give(Job(name, "execute", (name,), seconds=10, of_run=True, alone=alone))

    def let_end(self, name: str) -> None:
        (self.place / f"may-end-{name}").touch()

    def has_begun(self, name: str) -> bool:
        return (self.place / f"begun-{name}").exists()

    def wait_until_begun(self, name: str) -> int:
        """Return the process that a job is at work in, once it is."""
        wait_until(lambda: self.has_begun(name), f"{name} has begun")
        return int((self.place / f"begun-{name}").read_text())

    def ended(self) -> list[tuple[Any, Any]]:
        """Wait until anything has ended."""
        ends: list[tuple[Any, Any]] = []

        def ended() -> bool:
            ends.extend(self.crew.ended(0.1))
            return bool(ends)

        wait_until(ended, "a job has ended")
        return ends

    def wait_until_heard(self) -> None:
        """Wait until the end of the job at hand is known here, without looking at it."""
        wait_until(lambda: ray.wait(list(self.crew._calls), timeout=0.1)[0], "the end is heard")


@pytest.fixture(scope="module")
def local_ray() -> Iterator[None]:
    """Ray in this process, with room for one worker."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")]))
        for name, value in RAY_VARIABLES.items():
            patch.setenv(name, value)
        ray.init(address="local", num_cpus=1, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


@pytest.fixture
def scene(local_ray: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    clock = Clock()
    monkeypatch.setattr(crews, "Worker", Hand)
    monkeypatch.setattr(crews, "time", SimpleNamespace(monotonic=clock.monotonic))
    scene = Scene(tmp_path, clock)
    yield scene
    scene.crew.close()


def test_a_worker_at_brief_jobs_is_given_one_ahead_and_begins_it_by_itself(scene: Scene) -> None:
    assert scene.crew.brisk == 0  # It is idle.
    scene.give("first")
    assert (scene.crew.idle, scene.crew.brisk) == (0, 1)
    scene.give("second")
    assert (scene.crew.size, scene.crew.brisk) == (1, 0)
    scene.wait_until_begun("first")
    assert not scene.has_begun("second")
    scene.let_end("first")
    scene.wait_until_begun("second")  # Nobody has asked for the first one's end.
    scene.let_end("second")
    assert scene.ended() == [("first", "first of the run")]
    assert scene.ended() == [("second", "second of the run")]
    assert scene.crew.idle == 1


def test_a_worker_whose_last_job_was_long_is_given_none_ahead(scene: Scene) -> None:
    scene.give("long")
    scene.clock.now += 5
    scene.let_end("long")
    assert scene.ended() == [("long", "long of the run")]
    scene.give("next")
    assert scene.crew.brisk == 0
    scene.let_end("next")
    assert scene.ended() == [("next", "next of the run")]
    scene.give("third")
    assert scene.crew.brisk == 1


def test_a_worker_at_a_job_that_is_alone_is_given_none_ahead(scene: Scene) -> None:
    scene.give("first", alone=True)
    assert scene.crew.brisk == 0


def test_what_is_known_of_another_run_s_jobs_gives_none_ahead(scene: Scene) -> None:
    scene.crew.begin("another run")  # type: ignore[arg-type]
    scene.give("first")
    assert scene.crew.brisk == 0
    scene.let_end("first")
    assert scene.ended() == [("first", "first of another run")]
    scene.give("second")
    scene.give("third")
    scene.let_end("second")
    scene.let_end("third")
    assert scene.ended() + scene.ended() == [("second", "second of another run"), ("third", "third of another run")]


def test_a_killed_worker_has_not_begun_what_it_was_given_ahead(scene: Scene) -> None:
    scene.give("first")
    scene.give("second")
    os.kill(scene.wait_until_begun("first"), signal.SIGKILL)
    assert scene.ended() == [("second", Unbegun()), ("first", Lost("its worker was lost", unsure=True))]
    assert not scene.has_begun("second")
    assert scene.crew.size == 0


def test_a_worker_that_is_killed_between_two_jobs_was_at_the_second(scene: Scene) -> None:
    scene.give("first")
    scene.give("second")
    scene.let_end("first")
    process = scene.wait_until_begun("second")
    scene.wait_until_heard()  # What a worker has not sent yet goes with it.
    os.kill(process, signal.SIGKILL)
    assert scene.ended() + scene.ended() == [("first", "first of the run"), ("second", Lost("its worker was lost"))]


def test_a_worker_that_is_killed_at_one_job_alone_was_surely_at_it(scene: Scene) -> None:
    scene.give("only")
    os.kill(scene.wait_until_begun("only"), signal.SIGKILL)
    assert scene.ended() == [("only", Lost("its worker was lost"))]


def test_a_cluster_that_cannot_be_counted_is_gone_or_as_large_as_before(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def counting() -> None:
        raise RuntimeError("Failed to get all resources")

    crew = Crew(scene.place, gpus=0, limit=None)  # type: ignore[arg-type]
    monkeypatch.setattr(crews.ray, "cluster_resources", lambda: {"CPU": 3.0})
    assert crew.places() == 3
    monkeypatch.setattr(crews.ray, "cluster_resources", counting)
    scene.clock.now += 100
    assert crew.places() == 3
    monkeypatch.setattr(crews, "_answers", lambda: False)
    scene.clock.now += 100
    with pytest.raises(MachineError, match=r"no longer answers; what is finished is kept"):
        crew.places()


def test_the_time_limit_of_a_job_that_was_given_ahead_counts_from_when_it_begins(scene: Scene) -> None:
    scene.give("first")
    scene.give("second")
    scene.clock.now += 9
    scene.let_end("first")
    assert scene.ended() == [("first", "first of the run")]
    scene.clock.now += 9
    assert scene.crew.ended(0) == []
    scene.clock.now += 1
    assert scene.ended() == [("second", Lost("it took longer than 10 seconds"))]


def test_a_job_that_takes_too_long_does_not_blame_the_one_behind_it(scene: Scene) -> None:
    scene.give("first")
    scene.give("second")
    scene.clock.now += 10
    assert scene.ended() == [("second", Unbegun()), ("first", Lost("it took longer than 10 seconds"))]
    assert not scene.has_begun("second")


def test_progress_is_that_of_the_job_that_has_begun(scene: Scene) -> None:
    scene.give("first")
    scene.give("second")
    scene.wait_until_begun("first")
    wait_until(lambda: scene.crew.told(), "a word of the worker's")
    assert scene.crew.told() == [Told(samples=("first",))]


def test_dismissed_workers_take_what_they_were_given_ahead_with_them(scene: Scene) -> None:
    scene.give("first")
    scene.give("second")
    scene.wait_until_begun("first")
    scene.crew.dismiss()
    assert scene.crew.size == 0
    scene.crew.staff(1)
    scene.crew.begin("the next run")  # type: ignore[arg-type]
    scene.wait_until_ready()
    assert not scene.has_begun("second")
