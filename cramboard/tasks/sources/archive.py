"""Pinned files of public archives: from the cache, a local copy, or the archive's own address.

Whatever the way, a file's bytes have the sha256 that its task pins, or one line says why there are none.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cramboard.errors import CramboardError, InputError, MachineError
from cramboard.files import cache_folder, read_bytes, write_atomically
from cramboard.hub import offline
from cramboard.keys import sha256_bytes
from cramboard.schema import Archive, ArchivesSource
from cramboard.tasks.sources.download import download
from cramboard.tasks.sources.unpack import Unpacked, unpack

COPIES = "CRAMBOARD_ARCHIVES"


@dataclass(frozen=True, eq=False)  # one opening is one source: it remembers what it has met
class ArchiveFiles:
    """The pinned files of some archives. `given` is the only place to look in, if it is not None."""

    archives: tuple[Archive, ...]
    given: Path | None
    _met: dict[str, frozenset[str] | CramboardError] = field(default_factory=dict)

    def paths(self) -> tuple[str, ...]:
        """Return `<archive>/<path>` of every pinned file, sorted."""
        return tuple(sorted(f"{archive.name}/{path}" for archive in self.archives for path in archive.files))

    def read(self, path: str) -> str:
        """Return the text of the pinned file `path`."""
        archive, inner = self._find(path)
        data = self._bytes(archive, inner)
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise InputError(f"{path}: not UTF-8 text (byte {error.start}); leave the file out of the task") from None

    def _find(self, path: str) -> tuple[Archive, str]:
        name, _, inner = path.partition("/")
        for archive in self.archives:
            if archive.name == name and inner in archive.files:
                return archive, inner
        raise InputError(f"{path}: the task pins no such file; restore its task.yaml and manifest.jsonl")

    def _bytes(self, archive: Archive, inner: str) -> bytes:
        if self.given is not None:
            data = self._copied(self.given, archive, inner)
            if data is None:
                raise InputError(f"{self.given}: no {archive.top}/{inner} there; give a whole copy of the archive")
            return data
        data = _cached(archive.files[inner])
        if data is None and (copies := os.environ.get(COPIES)):
            data = self._copied(Path(copies), archive, inner)
        return self._fetched(archive, inner) if data is None else data

    def _copied(self, place: Path, archive: Archive, inner: str) -> bytes | None:
        """Return a file from a folder or an archive on this machine, or None if it is not there."""
        if not place.exists():
            raise InputError(f"{place}: there is no such folder or archive; correct --source or {COPIES}")
        loose = place / archive.top / inner
        if loose.is_file():
            data = read_bytes(loose, "file")
            if sha256_bytes(data) != archive.files[inner]:
                raise InputError(f"{loose}: not the pinned bytes (wrong sha256); fetch it anew")
            return data
        packed = _packed(place, archive)
        if packed is None:
            return None

        def opened() -> Unpacked:
            with packed.open("rb") as file:
                return unpack(file, archive, str(packed))

        return self._unpacked(str(packed), opened, archive, inner)

    def _fetched(self, archive: Archive, inner: str) -> bytes:
        if offline():
            raise MachineError(
                f"{archive.top}/{inner} is not on this machine, and offline nothing is fetched; "
                f"put a copy into a folder and name that in {COPIES}"
            )

        def opened() -> Unpacked:
            return download(archive.url, lambda stream: unpack(stream, archive, archive.url))

        data = self._unpacked(archive.url, opened, archive, inner)
        if data is None:
            raise InputError(f"{archive.url}: no {archive.top}/{inner} there; correct the source in task.yaml")
        return data

    def _unpacked(self, where: str, opened: Callable[[], Unpacked], archive: Archive, inner: str) -> bytes | None:
        """Return a file of an archive, which is unpacked into the cache once; what failed once is not tried again."""
        if where not in self._met:
            try:
                unpacked = opened()
                for data in unpacked.contents:
                    write_atomically(_place(sha256_bytes(data)), data)
                self._met[where] = unpacked.wrong
            except CramboardError as failure:
                self._met[where] = failure
        met = self._met[where]
        if isinstance(met, CramboardError):
            raise met
        if inner in met:
            raise InputError(f"{where}: {archive.top}/{inner} has not the pinned bytes (wrong sha256); fetch it anew")
        return _cached(archive.files[inner])


def open_archives(source: ArchivesSource, given: Path | None = None) -> ArchiveFiles:
    """Open archives; nothing is read before a file is asked for.

    A local copy is a folder that holds `<name>-<commit>/` or `<name>-<commit>.tar.*`, or such an archive itself.
    `given` is one; else the cache is looked in, then the folder that CRAMBOARD_ARCHIVES names, then the network.

    Raises:
        InputError: If there is nothing at `given`.
    """
    if given is not None and not given.exists():
        raise InputError(f"{given}: there is no such folder or archive; correct --source")
    return ArchiveFiles(source.archives, given)


def _packed(place: Path, archive: Archive) -> Path | None:
    """Return the file that holds the archive whole: `place` itself, or one in it."""
    if place.is_file():
        return place if place.name.startswith(f"{archive.top}.tar") else None
    return min(place.glob(f"{archive.top}.tar*"), default=None)


def _cached(digest: str) -> bytes | None:
    """Return cached bytes if they are whole; damaged ones are as good as none and are fetched again."""
    with suppress(OSError):
        data = _place(digest).read_bytes()
        if sha256_bytes(data) == digest:
            return data
    return None


def _place(digest: str) -> Path:
    return cache_folder() / "files" / digest
