"""`tasks/dataset.yaml`: the dataset that all tasks make together, and where it is published."""

import re
from pathlib import Path

from cramboard import files
from cramboard.errors import InputError
from cramboard.files import read_text, write_atomically
from cramboard.schema import DatasetSpec, HubPin, from_yaml_file

DATASET_FILE = "dataset.yaml"
_PIN = re.compile(r"^hub:.*$", re.MULTILINE)


def dataset_path() -> Path:
    """Return where dataset.yaml lies: in the clone, or packed in a wheel."""
    return files.data_folder("tasks") / DATASET_FILE


def read_dataset() -> DatasetSpec:
    """Read dataset.yaml.

    Raises:
        InputError: If it is missing or damaged.
    """
    return from_yaml_file(DatasetSpec, dataset_path(), "dataset file")


def pin_line(pin: HubPin) -> str:
    """Return the line of dataset.yaml that says where the dataset is published."""
    return f'hub: {{repository: {pin.repository}, revision: "{pin.revision}"}}'


def write_pin(pin: HubPin) -> None:
    """Write into dataset.yaml where it is published; the rest of the file stays.

    Raises:
        InputError: If the file has no line `hub:`.
        MachineError: If it cannot be written.
    """
    path = dataset_path()
    pinned, lines = _PIN.subn(pin_line(pin), read_text(path, "dataset file"))
    if lines != 1:
        raise InputError(f"{path}: field hub: it must stand on one line of its own; put it there")
    write_atomically(path, pinned)
