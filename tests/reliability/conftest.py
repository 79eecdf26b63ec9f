"""Places for runs that are disturbed, and the undisturbed run that they are held against."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reliability.drivers import Place

SAMPLES = 24


@pytest.fixture(autouse=True)
def common_ground(common_cache: Path, one_thread: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRAMBOARD_CACHE", str(common_cache))


@pytest.fixture
def place(short_folder: Path, common_cache: Path, tmp_path: Path) -> Iterator[Place]:
    """A place for one run; its drivers do not outlive the test."""
    place = Place(tmp_path / "place", short_folder, common_cache)
    yield place
    place.close()


@pytest.fixture(scope="session")
def undisturbed(short_folder: Path, common_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A run of `SAMPLES` samples, one a unit, that nothing disturbed; look at it and leave it as it is."""
    place = Place(tmp_path_factory.mktemp("undisturbed"), short_folder, common_cache)
    ended = place.start("--limit", SAMPLES).end()
    place.close()
    assert (ended.code, ended.err) == (0, "")
    assert len(set(place.made())) == len(place.made()) == SAMPLES
    return place
