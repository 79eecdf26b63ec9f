"""Soak the Ray executor: many tiny units, workers and drivers killed at random, and then count.

    python scripts/soak.py

A Ray cluster of this process's own works through a sealed set of random tokens, a sample a unit, while its workers and
the driver are killed (SIGKILL) at seeded random moments; whenever a driver is gone the same command is typed again.
After the killing it may finish. Progress goes to stderr; a table in Markdown goes to stdout. The exit code is 0 if
nothing was lost, doubled or made again.
"""

import argparse
import json
import os
import random
import secrets
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.reliability.drivers import environment
from tests.reliability.processes import Process, alive, below, open_files, resident_mebibytes
from tests.tiny import save_tiny_decoder

_SAMPLE_SECONDS = 5
# Drivers are killed in the first part, so that the last one grows old enough for a leak to show.
_DRIVERS_UNTIL = 0.5
_KINDS = ("driver", "worker", "cluster")


@dataclass
class Soak:
    """A soak under way."""

    folder: Path
    command: list[str]
    environment: dict[str, str]
    started: float = field(default_factory=time.monotonic)
    driver_kills: int = 0
    worker_kills: int = 0
    last_kill: float = 0.0
    remade: set[str] = field(default_factory=set)
    # (minute, kind) -> (MiB, open files) of every process of that kind, whenever it was looked at.
    seen: dict[tuple[int, str], list[tuple[float, int]]] = field(default_factory=lambda: defaultdict(list))

    @property
    def run(self) -> Path:
        """The run folder."""
        return self.folder / "run"

    def finished(self) -> set[str]:
        """The samples whose units are stored, by the folders' records."""
        paths = [*self.run.glob("units/[!.]*/samples.jsonl"), *self.run.glob("samples.jsonl")]
        return {json.loads(line)["sample"] for path in paths for line in path.read_text().splitlines()}

    def made(self) -> list[str]:
        """The samples that the method was asked for, in order."""
        path = self.folder / "made"
        return [line.split()[0] for line in path.read_text().splitlines()] if path.exists() else []

    def kill(self, pid: int) -> bool:
        """Kill a process; say whether it was still there."""
        if pid not in alive():
            return False
        os.kill(pid, signal.SIGKILL)
        self.last_kill = time.monotonic() - self.started
        return True

    def look(self, driver: int) -> None:
        """Write down memory and open files of driver, workers and cluster."""
        minute = int((time.monotonic() - self.started) / 60)
        cluster = [process for process in below(os.getpid()) if process.name.endswith(("raylet", "gcs_server"))]
        for kind, pids in (
            ("driver", [driver]),
            ("worker", [process.pid for process in workers()]),
            ("cluster", [process.pid for process in cluster]),
        ):
            seen = [(resident_mebibytes(pid), open_files(pid)) for pid in pids]
            self.seen[minute, kind] += [one for one in seen if all(one)]


def workers() -> list[Process]:
    """Return the workers of this process's cluster that hold or load a decoder."""
    return [process for process in below(os.getpid()) if process.name.startswith("ray::Worker")]


def main() -> int:
    """Soak, print the table, and say whether everything is as it must be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=2000, help="units of one sample; 2000 by default")
    parser.add_argument("--minutes", type=float, default=10, help="how long processes are killed; 10 by default")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--driver-kills", type=int, default=5)
    parser.add_argument("--worker-kill-seconds", type=float, default=20, help="mean time between kills of a worker")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        return _soak(asked, Path(folder))


def _soak(asked: argparse.Namespace, folder: Path) -> int:
    # Ray lets nobody join a cluster who does not have its token.
    joining = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    surroundings = os.environ | environment(folder, folder / "cache") | joining
    os.environ.update(surroundings)
    program = [sys.executable, "-m", "cramboard"]
    sealed = folder / "sealed"
    words = ["tasks", "seal", "random-tokens", "--name", "soak", "--samples", str(asked.units)]
    subprocess.run([*program, *words, "--output-dir", str(sealed)], check=True, stdout=sys.stderr)
    decoder = save_tiny_decoder(folder / "tiny", context=48)

    import ray

    address = ray.init(address="local", num_cpus=asked.workers, include_dashboard=False, log_to_driver=False)
    words = ["evaluate", "-t", "random-tokens", "--sealed", str(sealed), "-d", str(decoder), "-m", "tally"]
    words += ["--preset", "quick", "--set", "steps=2", "--set", "span=4", "-k", "1", "--batch-size", "1"]
    words += ["--executor", "ray", "--address", address.address_info["gcs_address"], "--workers", str(asked.workers)]
    soak = Soak(folder, [*program, *words, "--device", "cpu", "--output-dir", str(folder / "run")], surroundings)
    code = _disturb(soak, asked)
    minutes = (time.monotonic() - soak.started) / 60
    ray.shutdown()
    return _report(soak, asked, code, minutes)


def _disturb(soak: Soak, asked: argparse.Namespace) -> int:
    """Type the command until it ends by itself, and kill until the time is over; return the last exit code."""
    chance, length = random.Random(asked.seed), asked.minutes * 60
    drivers = sorted(chance.uniform(0.1, _DRIVERS_UNTIL) * length for _ in range(asked.driver_kills))
    worker_at = chance.expovariate(1 / asked.worker_kill_seconds)
    code = -signal.SIGKILL
    while code == -signal.SIGKILL:
        before, made = soak.finished(), len(soak.made())
        driver = subprocess.Popen(soak.command, env=soak.environment, stdout=subprocess.DEVNULL)
        look_at = 0.0
        while driver.poll() is None:
            now = time.monotonic() - soak.started
            if now >= look_at:
                look_at = now + _SAMPLE_SECONDS
                soak.look(driver.pid)
                print(f"{now:.0f} s: {len(soak.finished())} finished", file=sys.stderr)
            if worker_at <= now < length and (there := workers()):
                worker_at = now + chance.expovariate(1 / asked.worker_kill_seconds)
                soak.worker_kills += soak.kill(chance.choice(there).pid)
            if drivers and now >= drivers[0] and soak.finished() - before:
                drivers.pop(0)
                soak.driver_kills += soak.kill(driver.pid)
            time.sleep(0.2)
        code = driver.wait()
        soak.remade |= before & set(soak.made()[made:])
    return code


def _report(soak: Soak, asked: argparse.Namespace, code: int, minutes: float) -> int:
    lines = [json.loads(line)["sample"] for line in (soak.run / "samples.jsonl").read_text().splitlines()]
    costs = [sample for unit in json.loads((soak.run / "run.json").read_text())["units"] for sample in unit["samples"]]
    lost, doubled = asked.units - len(set(lines)), len(lines) - len(set(lines)) + len(costs) - len(set(costs))
    print("| what | figure |\n| --- | --- |")
    for what, figure in (
        ("units finished", len(lines)),
        ("minutes", f"{minutes:.1f}"),
        ("minute of the last kill", f"{soak.last_kill / 60:.1f}"),
        ("workers killed", soak.worker_kills),
        ("drivers killed", soak.driver_kills),
        ("exit code of the last driver", code),
        ("units lost", lost),
        ("units doubled", doubled),
        ("finished units made again", len(soak.remade)),
        ("units begun, those cut short by a kill twice", len(soak.made())),
    ):
        print(f"| {what} | {figure} |")
    print("\n| minute | driver | a worker | cluster's processes |\n| --- | --- | --- | --- |")
    for minute in sorted({minute for minute, _ in soak.seen}):
        print(f"| {minute + 1} | " + " | ".join(_cell(soak.seen[minute, kind]) for kind in _KINDS) + " |")
    return 0 if (code, lost, doubled, len(soak.remade)) == (0, 0, 0, 0) else 1


def _cell(seen: list[tuple[float, int]]) -> str:
    """Return the median of the minute, as memory and open files."""
    if not seen:
        return ""
    memory, files = (statistics.median(one[index] for one in seen) for index in (0, 1))
    return f"{memory:.0f} MiB, {files:.0f} files"


if __name__ == "__main__":
    sys.exit(main())
