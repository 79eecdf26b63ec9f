"""Files appear whole or not at all."""

import errno
import os
import threading
from pathlib import Path

import pytest

from cramboard.errors import MachineError
from cramboard.files import cache_folder, locked, publish_folder, read_text, read_whole_lines, write_atomically


def full_disk(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_full_disk_leaves_the_old_content_and_nothing_beside_it(tmp_path, monkeypatch):
    path = tmp_path / "file.json"
    write_atomically(path, "old")
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(MachineError, match="the disk is full"):
        write_atomically(path, "new")
    assert everything(tmp_path) == {"file.json": b"old"}


def test_a_folder_is_published_whole_or_not_at_all(tmp_path, monkeypatch):
    publish_folder(tmp_path / "unit", {"a": b"1", "b": b"2"})
    assert everything(tmp_path) == {"unit/a": b"1", "unit/b": b"2"}
    calls = iter([None])
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: real(descriptor) if next(calls, 1) is None else full_disk())
    with pytest.raises(MachineError, match="the disk is full"):
        publish_folder(tmp_path / "other", {"a": b"3", "b": b"4"})
    assert everything(tmp_path) == {"unit/a": b"1", "unit/b": b"2"}


@pytest.fixture
def done(monkeypatch):
    """What is done to the disk, in order: inodes that are synced, and renames."""
    events, fsync = [], os.fsync

    def syncing(descriptor):
        events.append(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    def renaming(name):
        rename = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *names: events.append("rename") or rename(*names))

    monkeypatch.setattr(os, "fsync", syncing)
    renaming("replace")
    renaming("rename")
    return events


def test_a_power_cut_finds_a_file_whole_before_it_is_named_and_named_when_the_call_returns(tmp_path, done):
    write_atomically(tmp_path / "file", "new")
    assert done == [(tmp_path / "file").stat().st_ino, "rename", tmp_path.stat().st_ino]


def test_a_power_cut_finds_a_folder_whole_before_it_is_named_and_named_when_the_call_returns(tmp_path, done):
    publish_folder(tmp_path / "unit", {"a": b"1", "b": b"2"})
    whole = [(tmp_path / "unit" / name).stat().st_ino for name in ("a", "b", ".")]
    assert done == [*whole, "rename", tmp_path.stat().st_ino]


def test_publishing_again_replaces(tmp_path):
    publish_folder(tmp_path / "unit", {"a": b"1", "b": b"2"})
    publish_folder(tmp_path / "unit", {"a": b"3"})
    assert everything(tmp_path) == {"unit/a": b"3"}


def test_a_folder_that_replaces_another_is_never_there_in_part(tmp_path, monkeypatch):
    publish_folder(tmp_path / "unit", {"a": b"1", "b": b"2"})
    unlink, seen = os.unlink, []

    def unlinking(*arguments, **options):
        seen.append({name: data for name, data in everything(tmp_path).items() if name.startswith("unit/")})
        unlink(*arguments, **options)

    monkeypatch.setattr(os, "unlink", unlinking)
    publish_folder(tmp_path / "unit", {"a": b"3", "b": b"4"})
    assert seen
    assert all(each in ({"unit/a": b"1", "unit/b": b"2"}, {"unit/a": b"3", "unit/b": b"4"}) for each in seen)


def test_an_interrupt_between_the_two_renames_leaves_the_old_folder(tmp_path, monkeypatch):
    publish_folder(tmp_path / "unit", {"a": b"1"})
    rename, done = Path.rename, []

    def interrupted(path, target):
        done.append(path)
        if len(done) == 2:
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        publish_folder(tmp_path / "unit", {"a": b"2"})
    assert everything(tmp_path) == {"unit/a": b"1"}


def test_who_waits_for_a_folder_gets_it(tmp_path):
    got = threading.Event()

    def wait():
        with locked(tmp_path, wait=True):
            got.set()

    with locked(tmp_path):
        waiting = threading.Thread(target=wait)
        waiting.start()
        assert not got.wait(0.2)
    waiting.join()
    assert got.is_set()


def test_a_file_without_a_last_newline_is_torn(tmp_path):
    path = tmp_path / "lines"
    for data, lines, torn in ((b"", [], False), (b"a\nb\n", ["a", "b"], False), (b"a\nb", ["a"], True),
                              (b"torn", [], True), (b"a\n\xc3", ["a"], True), (b"a\n\0\0", ["a"], True),
                              ("a\u2028\x85b\n".encode(), ["a\u2028\x85b"], False)):  # fmt: skip
        path.write_bytes(data)
        assert read_whole_lines(path, "lines") == (lines, torn)


def test_a_text_is_read_as_its_bytes_are(tmp_path):
    (tmp_path / "text").write_bytes(b"a\r\nb\rc\n")
    assert read_text(tmp_path / "text", "text") == "a\r\nb\rc\n"


def test_a_path_below_a_file_is_refused_in_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MachineError, match="choose another folder"):
        write_atomically(tmp_path / "file" / "below", "text")


def test_a_folder_is_held_by_one_process_at_a_time(tmp_path):
    with locked(tmp_path), pytest.raises(MachineError, match="another run is working"), locked(tmp_path):
        pass
    with locked(tmp_path):
        pass


def test_the_cache_is_where_it_is_told_to_be(monkeypatch, tmp_path):
    monkeypatch.setenv("CRAMBOARD_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("CRAMBOARD_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "cramboard"
