"""Read pinned files out of a tar archive. Nothing is written under a name from the archive."""

import lzma
import tarfile
import zlib
from typing import IO

from cramboard.errors import InputError
from cramboard.keys import sha256_bytes
from cramboard.schema import Archive

_LARGEST_FILE = 64 << 20
_LARGEST_ARCHIVE = 8 << 30
# What reading raises when an archive is cut short or is not one.
DAMAGED = (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError)


def unpack(stream: IO[bytes], archive: Archive, where: str) -> list[bytes]:
    """Return the contents of those pinned files that are there with the pinned bytes; the rest is not looked at.

    Links, devices and files outside the archive's top folder are never read, whatever they are called.

    Raises:
        InputError: If it is not an archive, a pinned file has other bytes, or it is unreasonably large.
    """
    wanted = {f"{archive.name}-{archive.commit}/{path}": digest for path, digest in archive.files.items()}
    contents = []
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
                data = file.read()
                if sha256_bytes(data) != wanted.pop(member.name):
                    raise InputError(f"{where}: {member.name} has other bytes than the pinned ones; fetch it anew")
                contents.append(data)
                if not wanted:
                    break
    except DAMAGED as error:
        raise DamagedArchiveError(f"{where}: cannot be unpacked ({error}); fetch it anew") from None
    return contents


class DamagedArchiveError(InputError):
    """An archive that ends too early or is none; a download of it may be tried again."""
