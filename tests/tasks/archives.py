"""Small archives of made-up texts, in every form that a source may have."""

import io
import tarfile
from pathlib import Path

from cramboard.keys import sha256_bytes
from cramboard.schema import Archive, ArchivesSource

COMMIT = "c0ffee" * 6 + "beef"


def pin(files: dict[str, bytes], name: str = "letters", url: str = "https://example.org/a.tar.gz") -> Archive:
    """Pin files as a task does; `url` may be a plain http one here."""
    archive = Archive(
        name=name,
        url="https://example.org/a.tar.gz",
        commit=COMMIT,
        files={path: sha256_bytes(data) for path, data in files.items()},
    )
    return archive.model_copy(update={"url": url})


def source_of(*archives: Archive) -> ArchivesSource:
    """Make a task's source of archives."""
    source = ArchivesSource(kind="archives", archives=(pin({"any": b""}),))
    return source.model_copy(update={"archives": archives})


def unpacked(folder: Path, files: dict[str, bytes], name: str = "letters") -> Path:
    """Write files below their archive's top folder; return `folder`."""
    for path, data in files.items():
        place = folder / f"{name}-{COMMIT}" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return folder


def packed(files: dict[str, bytes], mode: str = "w:gz", name: str = "letters") -> bytes:
    """Return an archive of files as code hosts make them."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:
        for path, data in files.items():
            member = tarfile.TarInfo(f"{name}-{COMMIT}/{path}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return stream.getvalue()
