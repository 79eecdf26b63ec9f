"""What a cache is given once is made by one process, and whoever needs it at the same time waits for it."""

import multiprocessing
import os
import threading
from pathlib import Path

import pytest

from cramboard.decoders import gguf
from cramboard.files import write_atomically
from cramboard.methods.submitted import environment as environments
from tests.waiting import PATIENCE_SECONDS


def _get(places: Path, slug: str) -> None:
    """Ask for an environment, in a process of its own, and write down where it is."""

    def install(slug: str, lines: list[str], folder: Path) -> None:
        (places / f"installed-{slug}").touch()
        install_for_real(slug, lines, folder)

    install_for_real, environments._install = environments._install, install
    os.environ.update({"CRAMBOARD_CACHE": str(places / "cache"), "PIP_NO_INDEX": "1"})
    (places / f"at-{slug}").write_text(str(environments._installed(slug, [])))


def test_two_runs_that_need_the_same_environment_install_it_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    runs = [context.Process(target=_get, args=(tmp_path, slug)) for slug in ("first", "second")]
    for run in runs:
        run.start()
    for run in runs:
        run.join(PATIENCE_SECONDS)
    assert [run.exitcode for run in runs] == [0, 0]
    [place] = {(tmp_path / f"at-{slug}").read_text() for slug in ("first", "second")}
    assert (Path(place) / "bin" / "python").exists()
    assert len(list(tmp_path.glob("installed-*"))) == 1


def test_an_environment_whose_installation_was_killed_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRAMBOARD_CACHE", str(tmp_path))
    monkeypatch.setattr(environments, "_install", lambda slug, lines, folder: (folder / "bin").mkdir(parents=True))
    left = environments._installed("first", [])
    installed = []
    monkeypatch.setattr(environments, "_install", lambda slug, lines, folder: installed.append(folder))
    assert environments._installed("second", []) == left
    assert installed == [left]


def test_two_runs_that_need_the_same_conversion_make_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRAMBOARD_CACHE", str(tmp_path / "cache"))
    source = tmp_path / "decoder.gguf"
    source.write_bytes(b"weights")
    at_work, made, got = threading.Barrier(2, timeout=PATIENCE_SECONDS), [], []

    def convert(path: Path, repair: str | None, folder: Path) -> None:
        made.append(folder)
        (folder / "config.json").write_text("{}")

    def get() -> None:
        at_work.wait()
        got.append(gguf.converted(source, None))

    monkeypatch.setattr(gguf, "_convert", convert)
    threads = [threading.Thread(target=get) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert len(got) == 2
    assert got[0] == got[1]
    assert [path.name for path in got[0].iterdir()] == ["config.json"]


def test_writers_of_one_file_with_equal_process_numbers_do_not_meet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getpid", lambda: 1)  # As in every container.
    path, synced, fsync = tmp_path / "control", threading.Barrier(2, timeout=PATIENCE_SECONDS), os.fsync

    def syncing(descriptor: int) -> None:
        if threading.current_thread() is not threading.main_thread() and not Path(f"/dev/fd/{descriptor}").is_dir():
            synced.wait()  # Both have their temporary file open.
        fsync(descriptor)

    failures: list[BaseException] = []

    def write(data: bytes) -> None:
        try:
            write_atomically(path, data)
        except Exception as error:
            failures.append(error)

    monkeypatch.setattr(os, "fsync", syncing)
    contents = [letter * 100_000 for letter in (b"a", b"b")]
    threads = [threading.Thread(target=write, args=(data,)) for data in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert path.read_bytes() in contents
    assert [item.name for item in tmp_path.iterdir()] == ["control"]
