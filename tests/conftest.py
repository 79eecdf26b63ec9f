"""Fixtures shared by all rooms' tests: caches of the tests' own, and tiny decoders."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from cramboard.files import cache_folder

DECODERS = cache_folder().absolute() / "decoders"

# The same examples each time, however long each takes: whether a change is taken must not hang on chance or on what
# else the machine does.
hypothesis.settings.register_profile(
    "even", deadline=None, derandomize=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("even")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test of the sandbox is skipped where there is none, unless .ci/run has seen that there is one."""
    if item.get_closest_marker("sandbox"):
        from cramboard.sandbox import available

        why = available()
        if why and os.environ.get("CRAMBOARD_SANDBOX") == "required":
            pytest.fail(why)
        if why:
            pytest.skip(why)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs the archives of texts where there are none."""
    if os.environ.get("CRAMBOARD_ARCHIVES"):
        return
    for item in items:
        if item.get_closest_marker("archives"):
            item.add_marker(pytest.mark.skip(reason="CRAMBOARD_ARCHIVES does not name a folder of archives"))


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random decoder as a transformers folder; made once."""
    from tests.tiny import save_tiny_decoder

    return save_tiny_decoder(tmp_path_factory.mktemp("decoders") / "tiny")


@pytest.fixture(scope="session")
def short_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny decoder that reads 200 positions, so that verifying takes a moment; made once."""
    from tests.tiny import save_tiny_decoder

    return save_tiny_decoder(tmp_path_factory.mktemp("decoders") / "short", context=200)


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache folder for this test alone."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("CRAMBOARD_CACHE", str(folder))
    yield folder


@pytest.fixture(scope="session")
def common_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder in which one test's constant control serves the next.

    Listed decoders are converted where they always are, under a name that says of what: once for all workers of pytest.
    """
    folder = tmp_path_factory.mktemp("common-cache")
    DECODERS.mkdir(parents=True, exist_ok=True)
    (folder / "decoders").symlink_to(DECODERS)
    return folder


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """Compute on one thread: tiny decoders are no faster on more, and much slower beside other work."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def finished_run(
    short_folder: Path, common_cache: Path, one_thread: None, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """An undisturbed quick run of three samples, one a unit; look at it and leave it as it is."""
    from tests.run.commands import evaluate

    folder = tmp_path_factory.mktemp("runs") / "finished"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRAMBOARD_CACHE", str(common_cache))
        ended = evaluate(short_folder, folder, "--limit", 3)
    assert (ended.code, ended.err) == (0, "")
    return folder


@pytest.fixture
def run_copy(finished_run: Path, common_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the finished run that a test may change."""
    monkeypatch.setenv("CRAMBOARD_CACHE", str(common_cache))
    return Path(shutil.copytree(finished_run, tmp_path / "copy"))
