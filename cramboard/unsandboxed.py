"""Run submitted code without a sandbox: for one's own code, on a machine that has none. Nothing is kept apart.

It has the shape of `cramboard.sandbox.run_isolated`; of the limits it holds the time alone.
"""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from cramboard.sandbox import Ended, Handover, Limits

# The end of what a process wrote: enough to show why it failed.
_LOG_BYTES = 20_000
_TICK_SECONDS = 0.02


def run_unsandboxed(
    argv: Sequence[str],
    *,
    readable: Mapping[str, Path],
    output: Path,
    limits: Limits,
    gpu: bool = False,
    handover: Handover | None = None,
) -> Ended:
    """Run `argv` as an ordinary process with an environment of its own.

    Args:
        argv: Words that begin with an inside path are given the path here instead.
        readable: Inside path -> path here.
        output: The folder that is `/output` inside.
        limits: Only `seconds` is held.
        gpu: Without effect: nothing hides a GPU here.
        handover: What the command gets once it asks.
    """
    with tempfile.TemporaryDirectory(prefix="cramboard-") as name:
        root = Path(name)
        for inside, here in {**readable, "/output": output}.items():
            link = root / inside.lstrip("/")
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(here.absolute())
        tops = {inside.split("/")[1] for inside in (*readable, "/output")}
        words = [f"{root}{word}" if word.startswith("/") and word.split("/")[1] in tops else word for word in argv]
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
                    if handover is not None and start is None and os.path.lexists(output / handover.asked_by):
                        start = time.monotonic() - started
                        handover.give()
                    if time.monotonic() - started > limits.seconds:
                        reason = f"it took more than {limits.seconds:g} seconds"
                    with suppress(subprocess.TimeoutExpired):
                        process.wait(_TICK_SECONDS)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        seconds = time.monotonic() - started
        return Ended(process.returncode, seconds, reason, _end(log), start_seconds=start)


def _end(log: Path) -> str:
    data = log.read_bytes()[-_LOG_BYTES:]
    return data.decode("utf-8", "replace")
