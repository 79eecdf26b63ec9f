"""Texts from the published dataset, at the revision that dataset.yaml pins."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from cramboard import hub
from cramboard.errors import InputError
from cramboard.keys import sha256_text
from cramboard.schema import HubPin, ManifestLine
from cramboard.tasks.published.columns import contents
from cramboard.tasks.published.layout import table_path
from cramboard.tasks.tables import from_parquet


@dataclass(frozen=True)
class Published:
    """The published texts of one task."""

    pin: HubPin
    task: str
    keep: ClassVar[bool] = True

    def __str__(self) -> str:
        return f"the dataset {self.pin.repository}"

    def fill(self, lines: Sequence[ManifestLine], texts: dict[str, str]) -> None:
        """Add to `texts`, by the sha256 that they really have, all texts of the splits that `lines` are in.

        Raises:
            InputError: If the dataset is not there, is damaged, or lacks a text of `lines`.
            MachineError: If the Hub cannot be reached.
        """
        for split in dict.fromkeys(line.split for line in lines):
            path = table_path(self.task, split)
            where = f"{path} of the dataset {self.pin.repository}"
            data = hub.read_file(self.pin.repository, self.pin.revision, path)
            for text in contents(from_parquet(data, where), where):
                texts[sha256_text(text)] = text
        if any(line.sha256 not in texts for line in lines):
            raise InputError(f"the dataset {self.pin.repository} at {self.pin.revision[:12]} holds other texts")
