"""The workers of a run on a Ray cluster: Ray places them, this counts them, gives them work and replaces lost ones.

A worker is an actor that holds one GPU, a share of one, or one CPU core. There are as many as are useful and as the
cluster has room for; those that have no place yet wait with Ray, which lets an autoscaling cluster grow. One that is
lost, or killed because its work took too long, is replaced by a new one, wherever Ray finds a place for it.

A worker whose last job was brief may be given one ahead: a second, which begins when the first has ended. Otherwise it
would wait for the way back to the driver and out again, some milliseconds, which is much beside brief jobs alone. Long
ones are not given ahead, so that none waits behind another while a worker is idle.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import ray
from ray.exceptions import RayActorError, RayError, RaySystemError, RayTaskError

from cramboard import __version__
from cramboard.errors import CramboardError, MachineError
from cramboard.run.executors.attempt import reason_of
from cramboard.run.executors.jobs import Broken, Job, Lost, Unbegun
from cramboard.run.executors.worker import DecoderRecipe, RunRecipe, Told, Worker
from cramboard.verify import VERIFIER_VERSION

# After so many workers in a row that were lost before they were ready, more would be too.
_STILLBORN = 5
# How often workers are asked how far they are, and the cluster whether it has grown.
_ASK_SECONDS, _COUNT_SECONDS = 2.0, 10.0
# Of a job that takes a second, to wait for the next one costs less than a hundredth.
_BRIEF_SECONDS = 1.0
_TELLING = "telling"
# A cluster that is silent for so long is gone. Ray itself would end the process after 60, without a word of ours.
_ANSWER_SECONDS = 20


@dataclass
class _Call:
    """What a worker is at: a job, or loading the decoder (None); since when, on the monotonic clock.

    `ahead` is the job that begins when this one has ended, and what Ray calls it.
    """

    worker: Any
    job: Job | None
    began: float
    ahead: tuple[Any, Job] | None = None

    @property
    def deadline(self) -> float | None:
        return None if self.job is None or self.job.seconds is None else self.began + self.job.seconds


class Crew:
    """The workers that hold the decoder of one recipe."""

    def __init__(self, recipe: DecoderRecipe, gpus: float, limit: int | None) -> None:
        self._recipe = ray.put(recipe)
        self._gpus, self._limit = gpus, limit
        self._actor = ray.remote(
            num_cpus=1, num_gpus=gpus, max_restarts=0, max_task_retries=0, concurrency_groups={_TELLING: 1}
        )(Worker)
        self._calls: dict[Any, _Call] = {}
        self._idle: list[Any] = []
        self._run: Any = None
        self._begun: dict[Any, Any] = {}
        self._brief: set[Any] = set()
        self._asked: dict[Any, Any] = {}
        self._told: dict[Any, Told] = {}
        self._ask_at = 0.0
        self._places, self._count_at = 1, 0.0
        self._stillborn = 0
        self._alone_since = time.monotonic()
        self._stranded = False

    @property
    def size(self) -> int:
        """How many workers there are or are to come."""
        return len(self._idle) + len(self._calls)

    @property
    def idle(self) -> int:
        """How many workers are ready and have nothing to do."""
        return len(self._idle)

    @property
    def brisk(self) -> int:
        """How many workers may be given a job ahead."""
        return len(self._brisk())

    def alone(self, seconds: float) -> bool:
        """Say whether no worker has been ready for so long; said once, it begins anew."""
        now = time.monotonic()
        if self._idle or any(call.job is not None for call in self._calls.values()):
            self._alone_since = now
        if now - self._alone_since < seconds:
            return False
        self._alone_since = now
        return True

    @property
    def wish(self) -> str:
        """What a worker takes."""
        return "each takes 1 CPU" + (f" and {self._gpus:g} GPU" if self._gpus else "")

    def places(self) -> int:
        """Return how many workers the cluster has room for, or how many were asked for.

        Raises:
            MachineError: If the cluster is gone.
        """
        if self._limit is not None:
            return self._limit
        if time.monotonic() >= self._count_at:
            self._count_at = time.monotonic() + _COUNT_SECONDS
            try:
                resources = ray.cluster_resources()
            except Exception:  # Ray has no one error for it.
                self._check_cluster()
                return self._places
            fitting = resources.get("GPU", 0) * int(1 / self._gpus) if self._gpus else resources.get("CPU", 0)
            self._places = max(1, int(fitting))
        return self._places

    def staff(self, useful: int) -> None:
        """Ask for workers up to `useful`, as far as there are places."""
        for _ in range(min(useful, self.places()) - self.size):
            worker = self._actor.remote(self._recipe)
            self._calls[worker.ready.remote()] = _Call(worker, None, time.monotonic())

    def begin(self, run: RunRecipe) -> None:
        """Let the jobs from now on be of another run."""
        self._run, self._begun, self._brief = ray.put(run), {}, set()

    def give(self, job: Job) -> None:
        """Hand a job to an idle worker or, if there is none, ahead to a brisk one."""
        before = None if self._idle else self._brisk()[0]
        worker = before.worker if before else self._idle.pop()
        arguments = job.arguments
        if job.of_run:
            if worker not in self._begun:
                self._begun[worker] = worker.begin.remote(self._run)
            arguments = (*arguments, self._begun[worker])
        ref = getattr(worker, job.method).remote(*arguments)
        if before:
            before.ahead = ref, job
        else:
            self._calls[ref] = _Call(worker, job, time.monotonic())

    def ended(self, seconds: float) -> list[tuple[Any, Any]]:
        """Wait up to `seconds` for work to end; return the tags of what has ended, each with its result.

        Raises:
            CramboardError: If no worker can be had.
        """
        refs = list(self._calls)
        if not refs:
            return []
        now = time.monotonic()
        deadlines = [call.deadline for call in self._calls.values() if call.deadline is not None]
        wait = max(0.0, min([seconds, *(deadline - now for deadline in deadlines)]))
        done, _ = ray.wait(refs, num_returns=1, timeout=wait)
        if done:  # Whatever else is there by now.
            done, _ = ray.wait(refs, num_returns=len(refs), timeout=0)
        return [end for ref in done for end in self._end(ref)] + list(self._overdue())

    def told(self) -> list[Told]:
        """Return how far the jobs under way are, as they last said; they are asked now and then."""
        if self._asked:
            done, _ = ray.wait(list(self._asked), num_returns=len(self._asked), timeout=0)
            for ref in done:
                worker = self._asked.pop(ref)
                try:
                    self._told[worker] = ray.get(ref)
                except RayError:
                    self._told.pop(worker, None)
        busy = [call.worker for call in self._calls.values() if call.job is not None]
        if time.monotonic() >= self._ask_at:
            self._ask_at = time.monotonic() + _ASK_SECONDS
            waiting = set(self._asked.values())
            for worker in busy:
                if worker not in waiting:
                    self._asked[worker.told.options(concurrency_group=_TELLING).remote()] = worker
        return [self._told[worker] for worker in busy if worker in self._told]

    def dismiss(self) -> None:
        """End every worker that is at a job; the idle ones stay for the next run."""
        if self._stranded:  # To ask for anything would take until Ray ends the process.
            return
        for ref, call in list(self._calls.items()):
            if call.job is not None:
                self._discard(ref)

    def close(self) -> None:
        """End every worker."""
        if self._stranded:  # To ask for anything would take until Ray ends the process.
            return
        for ref in list(self._calls):
            self._discard(ref)
        for worker in self._idle:
            ray.kill(worker)
        self._idle.clear()

    def _brisk(self) -> list[_Call]:
        return [
            call
            for call in self._calls.values()
            if call.worker in self._brief and call.job and not call.job.alone and not call.ahead
        ]

    def _end(self, ref: Any) -> Iterator[tuple[Any, Any]]:
        call = self._calls[ref]
        try:
            result = ray.get(ref)
        except RayTaskError as error:
            cause = error.cause if isinstance(error.cause, Exception) else error
            # Ray's own word, such as that a recipe cannot be unpacked there, is no unit's fault.
            unread = isinstance(cause, RaySystemError)
            said = reason_of(cause)
            result = MachineError(f"a worker cannot read what it is sent ({said})") if unread else Broken(said)
        except RayError as error:
            self._check_cluster()
            yield from self._lose(ref, Lost("its worker was lost", unsure=call.ahead is not None))
            if call.job is None:
                self._stillborn_one(error)
            return
        del self._calls[ref]
        self._told.pop(call.worker, None)
        now = time.monotonic()
        if call.job is None:
            _check_ready(result)
            self._stillborn = 0
        elif now - call.began < _BRIEF_SECONDS:
            self._brief.add(call.worker)
        else:
            self._brief.discard(call.worker)
        if call.ahead:
            ref, job = call.ahead
            self._calls[ref] = _Call(call.worker, job, now)
        else:
            self._idle.append(call.worker)
        if call.job is not None:
            yield call.job.tag, result

    def _overdue(self) -> Iterator[tuple[Any, Any]]:
        now = time.monotonic()
        for ref, call in list(self._calls.items()):
            if call.job is not None and call.deadline is not None and now >= call.deadline:
                yield from self._lose(ref, Lost(f"it took longer than {call.job.seconds:g} seconds"))

    def _lose(self, ref: Any, lost: Lost) -> Iterator[tuple[Any, Any]]:
        """Let go of a worker and of what it was given; what it was at comes last, and so goes out again first."""
        call = self._calls[ref]
        self._discard(ref)
        if call.ahead:
            yield call.ahead[1].tag, Unbegun()
        if call.job:
            yield call.job.tag, lost

    def _discard(self, ref: Any) -> None:
        worker = self._calls.pop(ref).worker
        self._begun.pop(worker, None)
        self._brief.discard(worker)
        self._told.pop(worker, None)
        ray.kill(worker)

    def _check_cluster(self) -> None:
        """Look whether a worker was lost alone or with the cluster, of which nothing more can be asked then."""
        if not _answers():
            self._stranded = True
            raise MachineError(
                "the Ray cluster no longer answers; what is finished is kept, the same command goes on from there "
                "once the cluster runs again"
            )

    def _stillborn_one(self, error: RayError) -> None:
        self._stillborn += 1
        if self._stillborn >= _STILLBORN:
            why = "they died" if isinstance(error, RayActorError) else type(error).__name__
            raise MachineError(
                f"{self._stillborn} workers in a row were lost before they had loaded the decoder ({why}); "
                "Ray's logs of the workers say more"
            ) from None


def _answers() -> bool:
    """Say whether the cluster answers in time."""
    heard = threading.Event()

    def ask() -> None:
        with suppress(Exception):
            ray.nodes()
            heard.set()

    threading.Thread(target=ask, daemon=True).start()
    return heard.wait(_ANSWER_SECONDS)


def _check_ready(result: Any) -> None:
    """Refuse a worker that could not load the decoder, or is of another version than the driver."""
    if isinstance(result, CramboardError):
        raise result
    if isinstance(result, Broken):
        raise MachineError(f"a worker cannot load the decoder: {result.reason}")
    if result != (__version__, VERIFIER_VERSION):
        raise MachineError(
            f"a worker has cramboard {result[0]} with verifier {result[1]}, this is {__version__} with "
            f"{VERIFIER_VERSION}; install the same on every machine"
        )
