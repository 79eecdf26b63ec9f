"""Read pinned files out of a tar archive. Nothing is written under a name from the archive."""

import lzma
import tarfile
import zlib
from dataclasses import dataclass
from typing import IO

from cramboard.errors import InputError
from cramboard.keys import sha256_bytes
from cramboard.schema import Archive

_LARGEST_FILE = 64 << 20
_LARGEST_ARCHIVE = 8 << 30


class DamagedArchiveError(InputError):
    """An archive that ends too early or is none; a download of it may be tried again."""


@dataclass(frozen=True)
class Unpacked:
    """The pinned files of an archive: the contents of those that are as pinned, the paths of those that are not."""

    contents: tuple[bytes, ...]
    wrong: frozenset[str]


def unpack(stream: IO[bytes], archive: Archive, where: str) -> Unpacked:
    """Read the pinned files of an archive; the rest is not looked at, and what is missing is not missed.

    Links, devices and files outside the archive's top folder are never read, whatever they are called.

    Raises:
        DamagedArchiveError: If it is not a tar archive, or ends too early.
        InputError: If it is larger than a collection of texts can be.
    """
    wanted = {f"{archive.top}/{path}": path for path in archive.files}
    contents, wrong = [], set()
    size = 0
    try:
        with tarfile.open(fileobj=stream, mode="r|*") as members:
            for member in members:
                size += member.size
                if size > _LARGEST_ARCHIVE or (member.name in wanted and member.size > _LARGEST_FILE):
                    raise InputError(f"{where}: {member.name} makes it larger than a collection of texts can be")
                file = members.extractfile(member) if member.isreg() and member.name in wanted else None
                if file is None:
                    continue
                path, data = wanted.pop(member.name), file.read()
                if sha256_bytes(data) == archive.files[path]:
                    contents.append(data)
                else:
                    wrong.add(path)
                if not wanted:
                    break
    except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise DamagedArchiveError(f"{where}: cannot be unpacked ({error}); fetch it anew") from None
    return Unpacked(tuple(contents), frozenset(wrong))
