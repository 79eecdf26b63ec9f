"""Files that are never half-written.

Guarantee: after `write_atomically` or `publish_folder` returns, the new content is on disk under its name;
if the process dies before that, the old content (or nothing) is there. The content is synced before the
rename, so a power cut cannot leave an empty file either. Temporary names are random: process numbers repeat among
the machines and containers that share a disk. A leftover starts with a dot and is never read; `sweep` removes it.
"""

import errno
import fcntl
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cramboard.errors import InputError, MachineError


@contextmanager
def clear_os_errors(path: Path) -> Iterator[None]:
    """Turn what the operating system says about `path` into one line with a remedy."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise MachineError(f"{path}: the disk is full; free some space and run the same command again") from None
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise MachineError(f"{path}: no permission to write here; choose another folder") from None
        if isinstance(error, (NotADirectoryError, FileExistsError, IsADirectoryError)):
            raise MachineError(f"{path}: {error.strerror}; choose another folder") from None
        raise MachineError(f"{path}: {error.strerror or error}") from None


def write_atomically(path: Path, data: bytes | str) -> None:
    """Write `data` to `path` so that a reader sees the old content or the new, never a part.

    Raises:
        MachineError: If the disk is full or the folder cannot be written.
    """
    content = data.encode("utf-8") if isinstance(data, str) else data
    with clear_os_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = _temporary(path)
        try:
            _write_synced(temporary, content)
            temporary.replace(path)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
        _sync_folder(path.parent)


def publish_folder(folder: Path, contents: dict[str, bytes]) -> None:
    """Make `folder` appear with all of `contents` (file name -> bytes) or not at all; an older one is replaced.

    Raises:
        MachineError: If the disk is full or the parent cannot be written.
    """
    staging, replaced = _temporary(folder), _temporary(folder)
    with clear_os_errors(folder):
        try:
            staging.mkdir(parents=True)
            for name, data in contents.items():
                (staging / name).parent.mkdir(parents=True, exist_ok=True)
                _write_synced(staging / name, data)
            for made in {(staging / name).parent for name in contents}:
                _sync_folder(made)
            if folder.exists():  # Removed in its place it would be there in part for a while.
                folder.rename(replaced)
            try:
                staging.rename(folder)
            except BaseException:  # An interrupt between the two must not cost the old content.
                if replaced.exists() and not folder.exists():
                    replaced.rename(folder)
                raise
        finally:
            shutil.rmtree(staging, ignore_errors=True)
            shutil.rmtree(replaced, ignore_errors=True)
        _sync_folder(folder.parent)


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sweep(folder: Path) -> None:
    """Remove what writers that died left half-written in `folder`; nobody may be writing there."""
    for leftover in folder.glob(".*.tmp"):
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)


def _temporary(path: Path) -> Path:
    """Return a name beside `path` that no other writer uses."""
    return path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")


def _sync_folder(folder: Path) -> None:
    """Flush a directory entry; file systems that cannot do it are left alone."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def locked(folder: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold `folder` for this process; the lock goes with the process, so a crash leaves nothing to clean up.

    Args:
        folder: What is held; made if it is not there.
        wait: Whether to wait while another process holds it, as one does for what a cache is given once.

    Raises:
        MachineError: If another process holds the folder and `wait` is not given, or it cannot be written.
    """
    with clear_os_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / ".lock").open("a")
    with file:
        with clear_os_errors(folder):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if not wait:
                    raise MachineError(
                        f"{folder}: another run is working in this folder; wait for it or choose another one"
                    ) from None
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


def read_text(path: Path, what: str) -> str:
    """Read a UTF-8 file, its line ends as they are; `what` names it in the error.

    Raises:
        InputError: If it is missing, unreadable or not UTF-8.
    """
    return _decoded(path, read_bytes(path, what))


def read_whole_lines(path: Path, what: str) -> tuple[list[str], bool]:
    """Read a file of lines that each end in a newline: the whole lines, and whether the last one is torn.

    Raises:
        InputError: If it is missing, unreadable or not UTF-8.
    """
    data = read_bytes(path, what)
    whole = data[: data.rfind(b"\n") + 1]
    return _decoded(path, whole).split("\n")[:-1], whole != data


def read_bytes(path: Path, what: str) -> bytes:
    """Read a file whole; `what` names it in the error.

    Raises:
        InputError: If it is missing or unreadable.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such {what}") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None


def _decoded(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text (byte {error.start}); restore the file") from None


def sha256_file(path: Path) -> str:
    """Return the sha256 (64 hex digits) of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def cache_folder() -> Path:
    """Where what can be made or fetched again is kept: CRAMBOARD_CACHE, else ~/.cache/cramboard."""
    given = os.environ.get("CRAMBOARD_CACHE")
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cramboard"


def data_folder(room: str) -> Path:
    """Return the folder of data `room`, such as 'tasks': packed in a wheel, else the clone's own."""
    package = Path(__file__).parent
    packed = package / "_data" / room
    return packed if packed.is_dir() else package.parent / room


def in_clone() -> bool:
    """Whether the data lie in a clone, to be edited and committed, and not packed in a wheel."""
    return not (Path(__file__).parent / "_data").is_dir()
