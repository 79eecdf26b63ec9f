"""The new root: the interpreter, a short list of libraries, what the caller gives, and nothing else.

Libraries are named, not hidden: the environment also holds cramboard itself, the packages that tasks draw their
texts from and the decoders' weights. An editable install leaves no trace, for no .pth file is taken along.
"""

import os
import re
import resource
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import Distribution, distributions
from pathlib import Path

from cramboard.errors import InputError
from cramboard.sandbox.outcome import MOST_FILES

LIBRARIES = ("numpy", "safetensors", "tokenizers", "torch", "transformers")
"""What an encoder may import without asking; their own requirements come along."""

OUTPUT = "/output"
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_NVIDIA = ("/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools", "/dev/nvidia-caps")


def environment(gpu: bool) -> dict[str, str]:
    """Return the whole environment inside; of the caller's only the choice of a GPU."""
    fixed = {
        "HOME": "/tmp",
        "HF_HUB_OFFLINE": "1",
        "LANG": "C.UTF-8",
        "LD_LIBRARY_PATH": f"{sys.base_prefix}/lib",
        "PATH": "/usr/bin",
        "TMPDIR": "/tmp",
        "USER": "encoder",
    }
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES") if gpu else None
    return fixed if chosen is None else {**fixed, "CUDA_VISIBLE_DEVICES": chosen}


def new_root(readable: Mapping[str, Path], scratch_bytes: int, output_bytes: int, gpu: bool) -> list[str]:
    """Return bubblewrap's arguments that build the root.

    Args:
        readable: Path inside -> file or folder outside, seen read-only.
        scratch_bytes: Size of /tmp and of /dev/shm.
        output_bytes: What all files in /output may have together.
        gpu: Whether the NVIDIA devices are there.

    Raises:
        InputError: If something readable is missing or is a symbolic link, which may lead anywhere.
    """
    arguments = ["--proc", "/proc", "--dev", "/dev"]
    # Each file may leave a page half empty: only who writes more than the limit meets a full /output.
    room = output_bytes + (MOST_FILES + 1) * resource.getpagesize()
    for path, limit in (("/tmp", scratch_bytes), ("/dev/shm", scratch_bytes), (OUTPUT, room)):
        arguments += ["--size", str(limit), "--tmpfs", path]
    arguments += [*_system(), *_interpreter(), *_libraries()]
    arguments += _gpu() if gpu else ["--ro-bind-try", *_same("/sys/devices/system/cpu")]
    for inside, outside in sorted(readable.items()):
        if outside.is_symlink() or not outside.exists():
            raise InputError(f"{outside}: must be a file or a folder, and no symbolic link")
        arguments += ["--ro-bind", str(outside), inside]
    arguments += _kernel() if gpu else ["--remount-ro", "/proc"]
    return [*arguments, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"]


def _system() -> Iterator[str]:
    """The loader and the system's shared libraries: no programs, no settings."""
    for path in map(Path, ("/usr/lib", "/usr/lib32", "/usr/lib64", "/lib", "/lib64")):
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), str(path))
        elif path.is_dir():
            yield from ("--ro-bind", *_same(path))
    yield from ("--ro-bind-try", *_same("/etc/ld.so.cache"))


def _interpreter() -> Iterator[str]:
    """The interpreter at its own path, and at its environment's, without the packages beside it."""
    program, base = Path(sys.executable).resolve(), Path(sys.base_prefix)
    for folder in ("lib", "lib64"):
        if (base / folder).is_dir() and base != Path("/usr"):
            yield from ("--ro-bind", *_same(base / folder))
    for packages in (*base.glob("lib*/python3*/site-packages"), *base.glob("lib*/python3*/dist-packages")):
        if packages.is_dir() and not packages.parent.is_symlink():
            yield from ("--tmpfs", str(packages))
    yield from ("--ro-bind", *_same(program))
    base_program = str(getattr(sys, "_base_executable", program))  # What environments made from this one link to.
    for name in {sys.executable, base_program} - {str(program)}:
        yield from ("--symlink", str(program), name)
    yield from ("--ro-bind-try", *_same(Path(sys.prefix) / "pyvenv.cfg"))


def _libraries() -> Iterator[str]:
    for path in _library_paths():
        yield from ("--ro-bind", *_same(path))


@cache
def _library_paths() -> tuple[Path, ...]:
    """Return the files and folders in site-packages of `LIBRARIES` and of what they require."""
    installed = {_canonical(found.name): found for found in distributions()}
    wanted, waiting = set(), list(LIBRARIES)
    while waiting:
        name = waiting.pop()
        if name in installed and name not in wanted:
            wanted.add(name)
            waiting += _requirements(installed[name])
    return tuple(sorted({path for name in wanted for path in _entries(installed[name])}))


def _requirements(found: Distribution) -> list[str]:
    """Return what a distribution requires without its extras; what is not installed was not required here."""
    lines = [line for line in found.requires or () if "extra ==" not in line]
    return [_canonical(match[0]) for line in lines if (match := _NAME.match(line))]


def _entries(found: Distribution) -> Iterator[Path]:
    """Return a distribution's own entries of site-packages; a .pth file would run code or leak a path."""
    lines = (found.read_text("RECORD") or "").splitlines()
    for name in {re.split("[/,]", line, maxsplit=1)[0] for line in lines}:
        path = Path(str(found.locate_file(name)))
        if name not in ("", "..", "__pycache__") and path.suffix != ".pth" and path.exists():
            yield path


def _gpu() -> Sequence[str]:
    """The NVIDIA devices, and what the driver's library reads to find them."""
    devices = [str(path) for path in sorted(Path("/dev").glob("nvidia[0-9]*"))]
    bound = [word for path in (*devices, *_NVIDIA) for word in ("--dev-bind-try", path, path)]
    seen = ("/usr/local/nvidia", "/usr/local/cuda", "/sys/bus/pci", "/sys/devices", "/sys/module")
    return [*bound, *(word for path in seen for word in ("--ro-bind-try", path, path))]


def _kernel() -> Iterator[str]:
    """/proc as the driver's library needs it: it names its threads there, so processes' own files can be written.

    What is the kernel's and no process's stays read-only, one mount each: to the kernel, root inside is root. These
    are the outer /proc's, whose list of locks would tell of processes outside. bubblewrap's own process, the first
    inside, is hidden: who writes its memory could free the cage from its caller.
    """
    for path in sorted(Path("/proc").iterdir()):
        if not path.name.isdigit() and not path.is_symlink():
            yield from ("--ro-bind-try", "/dev/null" if path.name == "locks" else str(path), str(path))
    yield from ("--size", "4096", "--tmpfs", "/proc/1", "--remount-ro", "/proc/1")


def _canonical(name: str) -> str:
    return re.sub("[-_.]+", "-", name).lower()


def _same(path: Path | str) -> tuple[str, str]:
    return str(path), str(path)
