"""Start bubblewrap, hold it before its first instruction until limits and output are in place, and watch it.

Guarantees: no instruction of the command runs before its limits hold; when the call returns or raises, no process of
it is left; when the caller is killed, the kernel kills the cage. Its files live in memory and go with it.
"""

import contextlib
import json
import os
import resource
import select
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, BinaryIO

from cramboard.errors import MachineError
from cramboard.sandbox.holds import Hold, hold, tree
from cramboard.sandbox.limits import Command, Ended, Limits, too_long, too_much_output
from cramboard.sandbox.outcome import Log, collect, is_full
from cramboard.sandbox.root import OUTPUT, environment, new_root
from cramboard.sandbox.syscalls import known_machine, seccomp_filter

_SCRATCH_BYTES = 256 * 1024**2
_OPEN_FILES = 1024
_TICK_SECONDS = 0.05
# Starting takes a tenth of a second where nothing else is going on.
_START_SECONDS = 120.0
_NOBODY = "65534"
_GO = b"g"
_STARTER = f"""
import os, sys
gate, command = int(sys.argv[1]), sys.argv[2:]
os.write(gate, b"r")
os.read(gate, 1) == {_GO!r} or os._exit(1)
os.close(gate)
os.execvp(command[0], command)
"""
"""Runs inside first: says that it is there, waits for its limits, and becomes the command.

When the caller is killed meanwhile the gate closes, and the command is never begun. (bubblewrap's own --block-fd
goes on then, and after that nothing kills it.)
"""


def available() -> str | None:
    """Return None where code can be isolated, else why not and what to do, in one line."""
    if sys.platform != "linux" or not known_machine():
        return "the sandbox needs Linux on x86-64 or ARM64"
    if shutil.which("bwrap") is None:
        return "the sandbox needs bubblewrap 0.8 or newer; on Debian and Ubuntu: apt-get install bubblewrap"
    return _trial()


@cache
def _trial() -> str | None:
    """Isolate a program that does nothing, once in this process's life."""
    limits = Limits(seconds=_START_SECONDS, memory_bytes=10**9, processes=8, output_bytes=4096)
    try:
        with tempfile.TemporaryDirectory(prefix="cramboard-") as folder:
            words = [sys.executable, "-I", "-S", "-c", ""]
            ended = _run(Command(words, readable={}, output=Path(folder), limits=limits))
    except MachineError as error:
        return str(error)
    return None if ended.code == 0 else f"the sandbox does not work here: {ended.reason or ended.log.strip()[-300:]}"


def run_isolated(command: Command) -> Ended:
    """Run a command in a new root without network, other processes, capabilities or the caller's environment.

    Inside are the interpreter at its own path (`sys.executable`), `root.LIBRARIES`, what it may read, a private /tmp,
    and /output, whose files come out when all went well.

    Raises:
        InputError: If something readable is missing or a symbolic link.
        MachineError: If there is no sandbox here; `available()` says so before.
    """
    if why := available():
        raise MachineError(why)
    return _run(command)


def _run(command: Command) -> Ended:
    root = new_root(command.readable, _SCRATCH_BYTES, command.limits.output_bytes, command.gpu)
    holding = hold(command.limits)
    if holding is None:
        raise MachineError(
            "the sandbox cannot limit root's memory and processes here: no pids and memory cgroup can be written; "
            "run as an ordinary user, for whom other limits hold"
        )
    try:
        with _launched(command, root, holding) as cage:
            return _watch(cage, holding, command)
    finally:
        holding.release()


@dataclass
class _Cage:
    """A started cage.

    Attributes:
        process: bubblewrap, outside; the parent of the first process inside.
        first: pidfd of the first process inside; it is readable when the whole tree has ended.
        output: Descriptor of /output inside; keeps the files when the rest is gone.
        gate: The starter's other end.
        printed: What the tree prints.
    """

    process: subprocess.Popen[bytes]
    first: int
    output: int
    gate: socket.socket
    printed: IO[bytes]


@contextlib.contextmanager
def _launched(command: Command, root: Sequence[str], holding: Hold) -> Iterator[_Cage]:
    """Start bubblewrap up to the point where the command would begin; at the end nothing of it is left."""
    with contextlib.ExitStack() as stack:
        gate, gate_inside = (stack.enter_context(end) for end in socket.socketpair())
        status, status_inside = _pipe(stack)
        rules, rules_outside = _pipe(stack)
        rules_outside.write(seccomp_filter(command.gpu))
        rules_outside.close()
        words = [
            str(shutil.which("bwrap")),
            *("--unshare-all", "--unshare-user", "--disable-userns", "--uid", _NOBODY, "--gid", _NOBODY),
            *("--hostname", "sandbox", "--cap-drop", "ALL", "--die-with-parent", "--new-session"),
            *("--json-status-fd", str(status_inside.fileno()), "--seccomp", str(rules.fileno())),
            *root, "--", sys.executable, "-I", "-S", "-c", _STARTER, str(gate_inside.fileno()), *command.argv,
        ]  # fmt: skip
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            pass_fds=[file.fileno() for file in (gate_inside, status_inside, rules)],
            env=environment(command.gpu), cwd="/",
        )  # fmt: skip
        assert process.stdout is not None
        stack.enter_context(process.stdout)
        stack.callback(process.wait)
        stack.callback(process.kill)
        for file in (gate_inside, status_inside, rules):
            file.close()
        pid = _first_process(process, status)
        first = _closing(_open_process(process, pid), stack)
        stack.callback(_end, first)
        _await_starter(process, gate)
        inside = tree(pid)
        try:
            holding.take(inside)
            for one in inside:
                _limit(one, command.limits)
        except OSError as error:
            raise MachineError(f"the sandbox cannot set its limits here ({holding.held_by}: {error})") from None
        folder = _closing(os.open(f"/proc/{pid}/root{OUTPUT}", os.O_RDONLY | os.O_DIRECTORY), stack)
        yield _Cage(process, first, folder, gate, process.stdout)


def _first_process(process: subprocess.Popen[bytes], status: BinaryIO) -> int:
    """Return the pid outside of the first process inside, which bubblewrap tells as one line of JSON."""
    line = status.readline()
    if not line:
        raise _did_not_start(process)
    return int(json.loads(line)["child-pid"])


def _open_process(process: subprocess.Popen[bytes], pid: int) -> int:
    """Return a pidfd of the first process inside."""
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        raise _did_not_start(process) from None


def _await_starter(process: subprocess.Popen[bytes], gate: socket.socket) -> None:
    """Wait until the root is in place and the starter stands before the gate."""
    gate.settimeout(_START_SECONDS)
    try:
        ready = gate.recv(1)
    except TimeoutError:
        raise MachineError(
            f"the sandbox was not ready within {_START_SECONDS:g} s; this machine has too much to do, try again later"
        ) from None
    if not ready:
        raise _did_not_start(process)


def _did_not_start(process: subprocess.Popen[bytes]) -> MachineError:
    """Say what bubblewrap said."""
    process.kill()
    process.wait()
    log = Log()
    if process.stdout is not None:
        os.set_blocking(process.stdout.fileno(), False)
        log.add(process.stdout.read() or b"")
    return MachineError(f"the sandbox did not start: {log.last_line()}")


def _watch(cage: _Cage, holding: Hold, command: Command) -> Ended:
    """Let the cage run until it ends or has used too much, and take what comes out."""
    limits, handover = command.limits, command.handover
    log, reason, start = Log(), None, None
    started = time.monotonic()
    with contextlib.suppress(BrokenPipeError):  # The starter may not even fit into the limits.
        cage.gate.send(_GO)
    with selectors.DefaultSelector() as selector:
        selector.register(cage.first, selectors.EVENT_READ)
        selector.register(cage.printed, selectors.EVENT_READ)
        alive = True
        while alive:
            ready = {key.fd for key, _ in selector.select(_TICK_SECONDS)}
            if cage.printed.fileno() in ready:
                data = os.read(cage.printed.fileno(), 65_536)
                log.add(data)
                if not data:  # It closed its outputs and goes on.
                    selector.unregister(cage.printed)
            alive = cage.first not in ready
            if handover is not None and start is None and alive and _is_there(handover.asked_by, cage.output):
                start = time.monotonic() - started
                handover.give()
            late = time.monotonic() - started > limits.seconds
            reason = reason or (too_long(limits) if late else holding.exceeded())
            if reason:
                _end(cage.first)
    seconds = time.monotonic() - started
    code = cage.process.wait()
    log.add(cage.printed.read())
    if reason is None and code:
        reason = too_much_output(limits) if is_full(cage.output) else holding.exceeded()
    if reason is None and code == 0:
        reason = collect(cage.output, command.output, limits)
    return Ended(code, seconds, reason, log.text(), holding.held_by, start)


def _is_there(name: str, folder: int) -> bool:
    """Return whether an open folder has something of this name."""
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return False
    return True


def _limit(pid: int, limits: Limits) -> None:
    """Limit what is limited for each process alone."""
    largest_file = max(_SCRATCH_BYTES, limits.output_bytes)
    for kind, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_FSIZE, largest_file),
    ):
        resource.prlimit(pid, kind, (most, most))


def _pipe(stack: contextlib.ExitStack) -> tuple[BinaryIO, BinaryIO]:
    ends = os.pipe()
    return stack.enter_context(os.fdopen(ends[0], "rb", 0)), stack.enter_context(os.fdopen(ends[1], "wb", 0))


def _closing(descriptor: int, stack: contextlib.ExitStack) -> int:
    stack.callback(os.close, descriptor)
    return descriptor


def _end(first: int) -> None:
    """Kill the first process inside, and with it, the kernel's doing, every other one; wait for that."""
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(first, signal.SIGKILL)
    ended = select.poll()  # The system call `select` knows only the first 1,024 descriptors.
    ended.register(first, select.POLLIN)
    ended.poll()
