"""Pinned files of public archives: from a local copy, the cache, or the archive's own address.

Whatever the way, a file's bytes have the sha256 that its task pins, or one line says why there are none.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from cramboard.errors import InputError, MachineError
from cramboard.files import cache_folder, read_bytes, write_atomically
from cramboard.keys import sha256_bytes
from cramboard.schema import Archive, ArchivesSource
from cramboard.tasks.sources.download import download, is_offline
from cramboard.tasks.sources.unpack import unpack

COPIES = "CRAMBOARD_ARCHIVES"


@dataclass(frozen=True, eq=False)  # a dictionary in it has no hash; one opening is one source
class ArchiveFiles:
    """The pinned files of some archives. `given` is the only place to look in, if it is not None."""

    archives: tuple[Archive, ...]
    given: Path | None
    _unpacked: set[Path | str] = field(default_factory=set)

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
        digest = archive.files[inner]
        if self.given is not None:
            data = self._from_copy(self.given, archive, inner)
            if data is None:
                raise InputError(
                    f"{self.given}: no file {inner} of {_top(archive)} there; give a whole copy of the archive"
                )
            return data
        copies = os.environ.get(COPIES)
        data = self._from_copy(Path(copies), archive, inner) if copies else None
        if data is None:
            data = _cached(digest)
        if data is None:
            self._fetch(archive, inner)
            data = _cached(digest)
        if data is None:
            raise InputError(f"{archive.url}: no file {inner} with the pinned sha256 there; the task's source is wrong")
        return data

    def _from_copy(self, place: Path, archive: Archive, inner: str) -> bytes | None:
        """Return the file from a folder or an archive on this machine, or None if it is not there.

        Raises:
            InputError: If there is no such place, or the file has other bytes than the pinned ones.
        """
        if not place.exists():
            raise InputError(f"{place}: there is no such folder or archive; correct --source or {COPIES}")
        loose = place / _top(archive) / inner
        if loose.is_file():
            data = read_bytes(loose, "file")
            if sha256_bytes(data) != archive.files[inner]:
                raise InputError(f"{loose}: not the pinned bytes (wrong sha256); fetch {_top(archive)} anew")
            return data
        for packed in _packed(place, archive):
            if packed not in self._unpacked:
                with packed.open("rb") as file:
                    _keep(unpack(file, archive, str(packed)))
                self._unpacked.add(packed)
            return _cached(archive.files[inner])
        return None

    def _fetch(self, archive: Archive, inner: str) -> None:
        """Download the archive, once, and keep its pinned files."""
        if archive.url in self._unpacked:
            return
        if is_offline():
            raise MachineError(
                f"{inner} of {_top(archive)} is not on this machine, and offline nothing is fetched; "
                f"put a copy in the folder that {COPIES} names"
            )
        _keep(download(archive.url, lambda stream: unpack(stream, archive, archive.url)))
        self._unpacked.add(archive.url)


def open_archives(source: ArchivesSource, given: Path | None = None) -> ArchiveFiles:
    """Open archives; nothing is read before a file is asked for.

    A local copy is a folder that holds `<name>-<commit>/` or `<name>-<commit>.tar.*`, or such an archive itself.
    `given` is one; else the folder that CRAMBOARD_ARCHIVES names is looked in, then the cache, then the network.

    Raises:
        InputError: If there is nothing at `given`.
    """
    if given is not None and not given.exists():
        raise InputError(f"{given}: there is no such folder or archive; correct --source")
    return ArchiveFiles(source.archives, given)


def _top(archive: Archive) -> str:
    """Return the name of an archive's only folder, as code hosts name it."""
    return f"{archive.name}-{archive.commit}"


def _packed(place: Path, archive: Archive) -> list[Path]:
    if place.is_file():
        return [place] if place.name.startswith(f"{_top(archive)}.tar") else []
    return sorted(place.glob(f"{_top(archive)}.tar*"))


def _keep(contents: Iterable[bytes]) -> None:
    for data in contents:
        write_atomically(_place(sha256_bytes(data)), data)


def _cached(digest: str) -> bytes | None:
    """Return cached bytes if they are whole; damaged ones are as good as none and are fetched again."""
    path = _place(digest)
    data = path.read_bytes() if path.is_file() else None
    return data if data is not None and sha256_bytes(data) == digest else None


def _place(digest: str) -> Path:
    return cache_folder() / "files" / digest
