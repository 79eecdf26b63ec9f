"""Open the source that a task names."""

from pathlib import Path

from cramboard.errors import InputError, UsageError
from cramboard.schema import ArchivesSource, HubDatasetSource, PackageSource, SeedSource, TaskSource
from cramboard.tasks.sources.archive import open_archives
from cramboard.tasks.sources.hub_dataset import open_hub_dataset
from cramboard.tasks.sources.package import open_package
from cramboard.tasks.sources.seed import NoFiles
from cramboard.tasks.sources.source import Source


def open_source(source: TaskSource, given: Path | None = None) -> Source:
    """Open a task's source, or the copy of it that is `given`.

    Raises:
        InputError: If it holds other bytes than the pinned ones.
        MachineError: If it is missing or cannot be reached.
        UsageError: If a copy is given of a source that is none of archives.
    """
    match source:
        case ArchivesSource():
            return open_archives(source, given)
        case PackageSource() if given is None:
            return open_package(source)
        case HubDatasetSource() if given is None:
            return open_hub_dataset(source)
        case SeedSource() if given is None:
            return NoFiles()
    if given is not None:
        raise UsageError(
            f"--source is for tasks from archives, and this one's source is another: {source}; leave it out"
        )
    raise InputError(f"the source {source} cannot be opened by this cramboard; upgrade it")
