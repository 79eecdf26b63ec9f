"""The one place that talks to the Hub: patient, bounded, and silent when it is told to stay offline.

Everything goes through huggingface_hub with one client (`patience`), and whatever goes wrong is one line: a
MachineError when the Hub cannot be reached, an InputError when it does not have what was asked for.
huggingface_hub is imported at the first call, because it is slow to import.
"""

from cramboard.hub.offline import OFFLINE_VARIABLE, offline
from cramboard.hub.reading import RemoteFile, commit_of, download, list_files, read_file
from cramboard.hub.writing import OvertakenError, commit, create_dataset, tag

__all__ = [
    "OFFLINE_VARIABLE",
    "OvertakenError",
    "RemoteFile",
    "commit",
    "commit_of",
    "create_dataset",
    "download",
    "list_files",
    "offline",
    "read_file",
    "tag",
]
