"""Open the source that a task names."""

from cramboard.errors import InputError
from cramboard.schema import HubDatasetSource, PackageSource, TaskSource
from cramboard.tasks.sources.hub_dataset import open_hub_dataset
from cramboard.tasks.sources.package import open_package
from cramboard.tasks.sources.source import Source


def open_source(source: TaskSource) -> Source:
    """Open a task's source.

    Raises:
        InputError: If it holds other bytes than the pinned ones.
        MachineError: If it is missing or cannot be reached.
    """
    match source:
        case PackageSource():
            return open_package(source)
        case HubDatasetSource():
            return open_hub_dataset(source)
    raise InputError(f"the source {source} cannot be opened by this cramboard; upgrade it")
