"""What isolated code tries, each a few lines; run as a program, tries all and prints how each ended as JSON.

It needs only the standard library, so that an ordinary user's system interpreter can run it too.
"""

import dataclasses
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cramboard.sandbox import Command, Limits, available, run_isolated

# Time is what is tried in `SHORT` alone; elsewhere it is what a busy machine may take.
LIMITS = Limits(seconds=180, memory_bytes=300_000_000, processes=32, output_bytes=1_000_000)
SHORT = dataclasses.replace(LIMITS, seconds=0.5)

ATTEMPTS: dict[str, tuple[Limits, str]] = {
    "writes a file": (LIMITS, "print('hello'); open('/output/vectors', 'wb').write(b'abc')"),
    "exits with 3": (LIMITS, "open('/output/vectors', 'wb'); exit(3)"),
    "looks around": (
        LIMITS,
        "import os, json; print(json.dumps([sorted(os.listdir('/')), sorted(os.listdir('/etc')), dict(os.environ),"
        "os.getuid(), [p for p in os.listdir('/proc') if p.isdigit()], os.uname().nodename, os.listdir('/tmp')]))",
    ),
    "lists what it may write": (
        LIMITS,
        "for line in open('/proc/self/mountinfo'):\n"
        "  words = line.split()\n"
        "  if words[5].split(',')[0] == 'rw': print(words[4])",
    ),
    "lists its rights": (LIMITS, "print(open('/proc/self/status').read())"),
    "opens a socket": (LIMITS, "import socket; socket.create_connection(('192.0.2.1', 80), 5)"),
    "opens a vsock": (LIMITS, "import socket; socket.socket(40, socket.SOCK_STREAM)"),
    "talks to itself": (LIMITS, "import socket; a, b = socket.socketpair(); a.send(b'x'); print(b.recv(1))"),
    "changes the kernel": (LIMITS, "open('/proc/sys/kernel/core_pattern', 'r+')"),
    "names itself": (LIMITS, "import os; os.write(os.open('/proc/self/comm', os.O_WRONLY), b'x'); print('named')"),
    "writes its keeper's memory": (LIMITS, "import os; os.open('/proc/1/mem', os.O_RDWR)"),
    "looks for locks outside": (
        LIMITS,
        "try: print(open('/proc/locks').read(), end='')\nexcept PermissionError: pass",
    ),
    "holds memory outside all folders": (LIMITS, "import os; os.write(os.memfd_create('x'), b'x'); print('held')"),
    "looks for what of the kernel's it may write": (
        LIMITS,
        "import os\n"
        "for folder, inner, files in os.walk('/proc'):\n"
        "  if folder == '/proc': inner[:] = [one for one in inner if not one.isdigit()]\n"
        "  for one in files:\n"
        "    path = os.path.join(folder, one)\n"
        "    if not os.path.islink(path) and not os.statvfs(path).f_flag & os.ST_RDONLY: print(path)\n"
        "print('seen', len(os.listdir('/proc/sys')) > 3)",
    ),
    "writes outside": (LIMITS, "open('/home', 'w')"),
    "calls what is filtered": (
        LIMITS,
        "import ctypes; c = ctypes.CDLL(None, use_errno=True)\n"
        "for call in (c.ptrace, c.unshare, c.mount, c.setns): print(call(0, 0, 0, 0, 0), ctypes.get_errno())",
    ),
    "makes a namespace": (LIMITS, "import ctypes; print(ctypes.CDLL(None).syscall(56, 0x10000011, 0, 0, 0, 0))"),
    "kills everything": (LIMITS, "import os; os.kill(-1, 9)"),
    "forks for ever": (LIMITS, "import os\nwhile True:\n  try: os.fork()\n  except OSError: pass"),
    "starts 31 threads": (
        LIMITS,
        "import threading, time\nfor _ in range(31): threading.Thread(target=time.sleep, args=(0.2,)).start()",
    ),
    "starts 32 threads": (
        LIMITS,
        "import threading, time\nfor _ in range(32): threading.Thread(target=time.sleep, args=(3600,)).start()",
    ),
    "fills memory": (LIMITS, "held = [bytearray(10**7) for _ in range(100)]"),
    "fills memory in children": (
        LIMITS,
        "import os, time\nfor _ in range(5):\n  if not os.fork(): held = bytearray(10**8); time.sleep(3600)\n"
        "time.sleep(3600)",
    ),
    "has no memory to begin with": (dataclasses.replace(LIMITS, memory_bytes=1_000_000), "pass"),
    "fills /tmp": (LIMITS, "for i in range(9): open(f'/tmp/{i}', 'wb').write(bytes(64 * 2**20))"),
    "fails with a small output": (
        dataclasses.replace(LIMITS, output_bytes=10),
        "open('/output/a', 'wb').write(b'abc'); exit(1)",
    ),
    "fills /output": (LIMITS, "open('/output/a', 'wb').write(bytes(2_000_000))"),
    "fills /output with holes": (LIMITS, "open('/output/a', 'wb').truncate(100_000_000)"),
    "sleeps": (SHORT, "import time; time.sleep(3600)"),
    "leaves a child behind": (LIMITS, "import os, time\nif os.fork() == 0: os.setsid(); time.sleep(3600)"),
    "prints for ever": (SHORT, "while True: print('y' * 10_000)"),
    "sleeps in silence": (SHORT, "import os, time; os.close(1); os.close(2); time.sleep(3600)"),
    "prints control characters": (LIMITS, "print('\\x1b[31mred\\u202e\\x00')"),
    "leaves a link": (LIMITS, "import os; os.symlink('/etc/passwd', '/output/vectors')"),
    "leaves a folder": (LIMITS, "import os; os.mkdir('/output/vectors')"),
    "leaves a pipe": (LIMITS, "import os; os.mkfifo('/output/vectors')"),
    "leaves an odd name": (LIMITS, "open('/output/a b', 'w')"),
    "leaves many files": (LIMITS, "for i in range(65): open(f'/output/{i}', 'w')"),
}

# Tried once more as where a GPU is let in: CUDA needs more of /proc and of the system calls.
WITH_GPU = (
    "lists what it may write",
    "changes the kernel",
    "names itself",
    "writes its keeper's memory",
    "looks for locks outside",
    "holds memory outside all folders",
    "looks for what of the kernel's it may write",
    "calls what is filtered",
)


def main(folder: Path) -> None:
    """Try everything, a few at a time; what comes out goes to a folder each."""
    os.environ["SECRET_OF_THE_CALLER"] = "1"
    ended: dict[str, object] = {"available": available()}
    tries = [(name, name, False) for name in ATTEMPTS] + [(f"{name}, with a GPU", name, True) for name in WITH_GPU]
    with ThreadPoolExecutor(4) as pool:
        ends = pool.map(lambda one: _try(*ATTEMPTS[one[1]], folder / one[0].replace("/", "-"), one[2]), tries)
        ended.update(zip((label for label, _, _ in tries), ends, strict=True))
    print(json.dumps(ended))


def _try(limits: Limits, code: str, output: Path, gpu: bool) -> dict[str, object]:
    end = run_isolated(Command([sys.executable, "-u", "-c", code], readable={}, output=output, limits=limits, gpu=gpu))
    files = {path.name: path.read_bytes().hex() for path in output.iterdir()} if output.is_dir() else {}
    return {**dataclasses.asdict(end), "files": files}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
