"""Start cramboard's commands as processes of their own, to be killed, and see what they made.

A driver is forked from a server that has imported everything, so that it starts in a moment and dies for real.
"""

import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from cramboard.tasks import load_task
from tests.run.commands import Ended
from tests.waiting import PATIENCE_SECONDS, wait_until

PLUGIN = Path(__file__).parent / "plugin"
# Where a process that is started anew, such as a Ray worker, finds cramboard and the test methods.
PATHS = os.pathsep.join([str(PLUGIN), str(Path(__file__).parents[2])])
# One sample a unit; the verifier takes most of a unit's time.
TALLY = (
    *("evaluate", "-t", "speeches", "-m", "tally", "--preset", "quick", "--set", "steps=5", "--set", "span=8"),
    *("-k", "2", "--batch-size", "1", "--device", "cpu"),
)
RESULTS = ("vectors.safetensors", "certificate.json", "samples.jsonl", "summary.json")
_server = multiprocessing.get_context("forkserver")
_server.set_forkserver_preload(["transformers.models.llama.modeling_llama", "cramboard.cli.evaluate", "cramboard.run"])


@dataclass(frozen=True)
class Driver:
    """A command that runs in a process of its own."""

    process: ForkServerProcess
    said: Path

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send it a signal; it must be alive."""
        assert self.process.exitcode is None, self.end()
        assert self.process.pid is not None
        os.kill(self.process.pid, number)

    def end(self) -> Ended:
        """Wait for its end."""
        self.process.join(PATIENCE_SECONDS)
        code = self.process.exitcode
        assert code is not None, "still running"
        return Ended(code, *((self.said / name).read_text() for name in ("out", "err")))

    def wait_for(self, there: Callable[[], object], what: str) -> None:
        """Wait until something is there that the driver makes."""
        wait_until(there, what, going_on=lambda: self.process.exitcode is None)


def environment(tally: Path, cache: Path) -> dict[str, str]:
    """Return the environment in which cramboard has `tally` and computes on one thread."""
    return {"CRAMBOARD_CACHE": str(cache), "TALLY": str(tally), "PYTHONPATH": PATHS, "OMP_NUM_THREADS": "1"}


def words_of(decoder: Path, run: Path, *words: object) -> list[str]:
    """Return the words of a command that makes `run` with the tally, with `words` added."""
    return [*TALLY, "-d", str(decoder), "--output-dir", str(run), *map(str, words)]


class Place:
    """A folder for one run and its tally."""

    def __init__(self, folder: Path, decoder: Path, cache: Path) -> None:
        self.run, self._place = folder / "run", folder
        self.decoder, self.environment = decoder, environment(folder, cache)
        self._drivers: list[Driver] = []

    def typed(self, *words: object) -> list[str]:
        """Return the command's words, with `words` added."""
        return words_of(self.decoder, self.run, *words)

    def start(self, *words: object, before: Callable[[], None] | None = None) -> Driver:
        """Type `cramboard evaluate`, or go on with it; `before` is called in the new process."""
        said = self._place / f"driver-{len(self._drivers)}"
        said.mkdir(parents=True)
        for name in ("out", "err"):
            (said / name).touch()
        process = _server.Process(target=_type, args=(self.typed(*words), self.environment, said, before))
        process.start()
        self._drivers.append(Driver(process, said))
        return self._drivers[-1]

    def hold(self, first: int, limit: int) -> None:
        """Let drivers come to a stand at each sample of a run of `limit` from number `first` on, counted from 0."""
        self._place.mkdir(parents=True, exist_ok=True)
        for line in load_task("speeches").select(limit=limit)[first:]:
            (self._place / f"hold-{line.id}").touch()

    def let_go(self) -> None:
        """Let them go on."""
        for held in self._place.glob("hold-*"):
            held.unlink()

    def made(self) -> list[str]:
        """Return the samples that the method was asked for, in order."""
        path = self._place / "made"
        return [line.split()[0] for line in path.read_text().splitlines()] if path.exists() else []

    def units(self) -> dict[str, str]:
        """Return the lines of the finished units that are not packed yet: sample -> line."""
        lines = [path.read_text() for path in sorted(self.run.glob("units/[!.]*/samples.jsonl"))]
        return {line.split('"sample":"', 1)[1].split('"', 1)[0]: line for line in lines}

    def results(self) -> dict[str, bytes]:
        """Return the files of the finished run that equal runs have in common, byte for byte."""
        return {name: (self.run / name).read_bytes() for name in RESULTS}

    def close(self) -> None:
        """Leave no process behind."""
        for driver in self._drivers:
            if driver.process.exitcode is None:
                driver.process.kill()
                driver.process.join()
            driver.process.close()


def _type(words: list[str], environment: dict[str, str], said: Path, before: Callable[[], None] | None) -> None:
    """Be a `cramboard` command with these words."""
    os.environ.update(environment)
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(said / name, os.O_WRONLY), number)
    import torch

    from cramboard.cli import _run, main

    torch.set_num_threads(1)
    # By its path: the interpreter may have a sitecustomize of its own, and has imported it.
    runpy.run_path(str(PLUGIN / "sitecustomize.py"))
    if before is not None:
        before()
    code = _run(main, words)
    sys.stdout.flush()
    os._exit(code)
