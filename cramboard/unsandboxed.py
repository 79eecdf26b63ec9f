"""Run submitted code without a sandbox: for one's own code, on a machine that has none. Nothing is kept apart.

It has the shape of `cramboard.sandbox.run_isolated`; of the limits it holds the time alone.
"""

import os
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from cramboard.sandbox import Command, Ended, too_long

# The end of what a process wrote: enough to show why it failed.
_LOG_BYTES = 20_000
_TICK_SECONDS = 0.02


def run_unsandboxed(command: Command) -> Ended:
    """Run a command as an ordinary process with an environment of its own.

    Words of it that begin with an inside path are given the path here instead; its output is `/output` inside. Of its
    limits only `seconds` is held, and nothing hides a GPU.
    """
    limits, handover = command.limits, command.handover
    places = {**command.readable, "/output": command.output}
    with tempfile.TemporaryDirectory(prefix="cramboard-") as name:
        root = Path(name)
        for inside, here in places.items():
            link = root / inside.lstrip("/")
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(here.absolute())
        tops = {inside.split("/")[1] for inside in places}
        words = [
            f"{root}{word}" if word.startswith("/") and word.split("/")[1] in tops else word for word in command.argv
        ]
        log = root / "log"
        started = time.monotonic()
        with log.open("wb") as file:
            process = subprocess.Popen(
                words, cwd=root, env={"PATH": os.defpath, "HOME": str(root)}, stdin=subprocess.DEVNULL,
                stdout=file, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
            reason = start = None
            try:
                while process.poll() is None and reason is None:
                    if handover is not None and start is None and os.path.lexists(command.output / handover.asked_by):
                        start = time.monotonic() - started
                        handover.give()
                    if time.monotonic() - started > limits.seconds:
                        reason = too_long(limits)
                    with suppress(subprocess.TimeoutExpired):
                        process.wait(_TICK_SECONDS)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        seconds = time.monotonic() - started
        return Ended(process.returncode, seconds, reason, _end(log), start_seconds=start)


def _end(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _LOG_BYTES))
        return file.read(_LOG_BYTES).decode("utf-8", "replace")
