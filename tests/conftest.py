"""Fixtures shared by all rooms' tests: a cache of the test's own, and a tiny decoder."""

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random decoder as a transformers folder; made once."""
    from tests.tiny import save_tiny_decoder

    return save_tiny_decoder(tmp_path_factory.mktemp("decoders") / "tiny")


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache folder for this test alone."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("CRAMBOARD_CACHE", str(folder))
    yield folder
