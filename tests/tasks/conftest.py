"""A copy of the committed tasks that a test may damage."""

import shutil
from pathlib import Path

import pytest

from cramboard import files


@pytest.fixture
def tasks_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy = tmp_path / "tasks"
    shutil.copytree(files.data_folder("tasks"), copy)
    monkeypatch.setattr(files, "data_folder", lambda room: tmp_path / room)
    return copy
