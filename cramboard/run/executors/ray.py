"""Executes units on a Ray cluster: one worker a GPU, a share of one, or a CPU core.

The driver keeps the run folder, its lock and the order of the work; workers hold the decoder and see no file of the
run. Units travel to them with their texts, and their results travel back through Ray. What becomes of a failed unit
is decided where the inline executor decides it (`executors.attempt`); a unit whose worker is lost, or that takes
longer than its time limit, is tried again elsewhere, a bounded number of times.

Accepted: the driver loads the decoder too, on the CPU, to count tokens and to name it. A unit that ends its worker
costs others nothing but the time in which a new worker starts.
"""

import logging
import os
import queue
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, TypeVar

import ray
import torch

from cramboard.decoders import Decoder, DecoderPlace, load_decoder
from cramboard.errors import CramboardError, MachineError, UsageError
from cramboard.hub import offline
from cramboard.run.execute import Context, UnitFailure, UnitResult
from cramboard.run.executors.crew import Crew
from cramboard.run.executors.jobs import Broken, Job, Lost
from cramboard.run.executors.work import TRIES, Work
from cramboard.run.executors.worker import DecoderRecipe, run_recipe
from cramboard.run.observer import Observer
from cramboard.run.units import Unit

Answer = TypeVar("Answer")
_Ends = queue.Queue[UnitResult | UnitFailure | Exception | None]

_WAIT_SECONDS = 1.0
# How many ended units may wait for the driver to store them.
_UNSTORED = 256
# A person is told if no worker is ready for so long.
_ALONE_SECONDS = 60
RAY_VARIABLES = {
    # Ray tells its makers of its use unless it is told not to.
    "RAY_USAGE_STATS_ENABLED": "0",
    # Ray lets its workers yield to all other work of the machine, on which they then stand all but still. As nice as
    # the command itself is what a person expects who typed it, with `nice` before it or not.
    "RAY_worker_niceness": "0",
    # Seconds that its parts wait for each other to start; of itself Ray gives up after 30, or 60, of a busy machine.
    "RAY_gcs_server_port_wait_time_s": "300",
    "RAY_raylet_start_wait_time_s": "300",
    "RAY_worker_register_timeout_seconds": "300",
}
"""How Ray is started on this machine, unless the environment says otherwise."""


class RayExecutor:
    """Executes units on a Ray cluster; entered, it is connected, and left, its workers are gone."""

    def __init__(
        self, address: str | None, workers: int | None, gpus_per_worker: float | None, unit_timeout: float | None
    ) -> None:
        self._address, self._workers, self._share = address, workers, gpus_per_worker
        self._unit_timeout = unit_timeout
        self._connected = False
        self._recipe: DecoderRecipe | None = None
        self._crew: Crew | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._crew is not None:
            self._crew.close()
        if self._connected:
            ray.shutdown()

    def device(self, asked: str) -> str:
        """Return `cuda` or `cpu`; `auto` is a GPU if the cluster has one."""
        if asked in ("cuda", "cpu"):
            return asked
        if asked != "auto":
            raise UsageError(f"--device {asked}: Ray chooses the GPU of each worker; give auto, cuda or cpu")
        if self._address is None and not ray.is_initialized():
            return "cuda" if torch.cuda.is_available() else "cpu"
        self._connect()
        return "cuda" if ray.cluster_resources().get("GPU", 0) else "cpu"

    def load(self, place: DecoderPlace, device: str, attention: str) -> Decoder:
        """Load the decoder on this machine's CPU: the GPUs are the workers'."""
        decoder = load_decoder(place, "cpu", attention)
        recipe = DecoderRecipe(
            place,
            device,
            attention,
            decoder.tensors_sha256,
            threads=1 if device == "cpu" else torch.get_num_threads(),
            share=self._share or 1.0,
            offline=offline(),
        )
        if self._crew is not None and recipe != self._recipe:
            self._crew.close()
            self._crew = None
        self._recipe = recipe
        return decoder

    def call(self, function: Callable[[Decoder, Observer], Answer], decoder: Decoder, observer: Observer) -> Answer:
        """Call `function` on a worker."""
        crew = self._ready_crew()
        for _ in range(TRIES):
            observer.stage("waiting for a worker to load the decoder")
            while not crew.idle:
                crew.staff(1)
                crew.ended(_WAIT_SECONDS)
                _tell(crew, observer)
            crew.give(Job(None, "call", (decoder.layout, decoder.suffix, function)))
            ends: list[tuple[Any, Any]] = []
            while not ends:
                ends = crew.ended(_WAIT_SECONDS)
                _tell(crew, observer)
            [(_, result)] = ends
            if isinstance(result, CramboardError):
                raise result
            if isinstance(result, Broken):
                raise MachineError(f"a worker failed: {result.reason}")
            if not isinstance(result, Lost):
                answer: Answer = result
                return answer
        raise MachineError(f"{TRIES} workers were lost one after the other; Ray's logs say more")

    def run(self, units: Sequence[Unit], context: Context, observer: Observer) -> Iterator[UnitResult | UnitFailure]:
        """Execute `units`, the longest first; what is lost with a worker is tried again on another."""
        crew = self._ready_crew()
        crew.begin(run_recipe(context))
        ends, left = _Ends(maxsize=_UNSTORED), threading.Event()
        arguments = (Work(units, context, observer), crew, self._unit_timeout, observer, ends, left)
        # Handing out goes on while the driver stores what has ended, which waits for the disk.
        thread = threading.Thread(target=_hand_out_all, args=arguments, daemon=True)
        thread.start()
        try:
            while (end := ends.get()) is not None:
                if isinstance(end, Exception):
                    raise end
                if isinstance(end, UnitResult):
                    for record in end.records:
                        observer.verified(record)
                yield end
        finally:
            left.set()
            thread.join()
            crew.dismiss()

    def _connect(self) -> None:
        """Start Ray on this machine, or join the cluster at the address; one that is joined already is used."""
        if ray.is_initialized():
            return
        for name, value in RAY_VARIABLES.items():
            os.environ.setdefault(name, value)
        quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
        try:
            if self._address is None:
                cores = max(os.cpu_count() or 1, self._workers or 1)
                ray.init(address="local", num_cpus=cores, include_dashboard=False, **quiet)
            else:
                _check_address(self._address)
                ray.init(address=self._address, **quiet)
        except Exception as error:  # A start that takes too long is a bare one.
            where = "Ray cannot be started here" if self._address is None else f"no Ray cluster at {self._address}"
            raise MachineError(f"{where}: {next(iter(str(error).splitlines()), type(error).__name__)}") from None
        self._connected = True

    def _ready_crew(self) -> Crew:
        if self._recipe is None:
            raise RuntimeError("no decoder is loaded")
        if self._crew is None:
            self._connect()
            gpus = (self._share or 1.0) if self._recipe.device == "cuda" else 0.0
            self._crew = Crew(self._recipe, gpus, self._workers)
        return self._crew


def _check_address(address: str) -> None:
    """Refuse an address that nobody answers at; Ray itself would go on asking for minutes.

    Raises:
        OSError: If there is nobody.
        ValueError: If it is no address.
    """
    host, _, port = address.rpartition(":")
    if address.startswith("ray://"):
        raise ValueError("its address for drivers is HOST:PORT, without ray:// and with the port of ray start")
    if port.isdecimal():
        if int(port) > 65535:
            raise ValueError(f"a port is at most 65535, not {port}")
        # An IPv6 address stands in brackets, [::1]:6379, and sockets take it without them.
        socket.create_connection((host.removeprefix("[").removesuffix("]"), int(port)), timeout=10).close()


def _hand_out_all(
    work: Work, crew: Crew, unit_timeout: float | None, observer: Observer, ends: _Ends, left: threading.Event
) -> None:
    """Give workers units until all have ended, and put their ends into `ends`: None last, or what stops the run."""
    last: Exception | None = None
    try:
        while work.open and not left.is_set():
            crew.staff(work.share_out(crew.places()))
            while (unit := _next(work, crew)) is not None:
                crew.give(Job(unit, "execute", (unit,), unit_timeout, of_run=True, alone=work.came_back(unit)))
            for unit, result in crew.ended(_WAIT_SECONDS):
                for end in work.end(unit, result):
                    _put(ends, end, left)
            work.check()
            _tell(crew, observer)
    except Exception as error:
        last = error
    _put(ends, last, left)


def _next(work: Work, crew: Crew) -> Unit | None:
    """Return the unit to give now: to an idle worker, else ahead to a brisk one; None if there is none."""
    if crew.idle:
        return work.take()
    return work.take_ahead(crew.places()) if crew.brisk else None


def _put(ends: _Ends, end: UnitResult | UnitFailure | Exception | None, left: threading.Event) -> None:
    """Put an end where the driver finds it; while that is full it has enough to store, unless it has left."""
    while not left.is_set():
        with suppress(queue.Full):
            return ends.put(end, timeout=_WAIT_SECONDS)


def _tell(crew: Crew, observer: Observer) -> None:
    """Let the observer know how far the units under way are, all of them together."""
    if crew.alone(_ALONE_SECONDS):
        observer.notice(f"no worker has been ready for {_ALONE_SECONDS} seconds; {crew.wish}; waiting")
    told = crew.told()
    for one in told:
        if one.stage:
            observer.stage(one.stage)
    samples = [sample for one in told for sample in one.samples]
    if samples:
        steps = max(one.steps for one in told)
        done = sum(len(one.samples) * one.step / one.steps for one in told) / len(samples)
        observer.progress(samples, int(done * steps), steps, [horizon for one in told for horizon in one.horizons])
