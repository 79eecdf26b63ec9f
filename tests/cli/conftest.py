"""Every test here shares one cache and computes on one thread."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def common_ground(common_cache: Path, one_thread: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRAMBOARD_CACHE", str(common_cache))
