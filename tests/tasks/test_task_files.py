"""The files of a task: redrawn byte for byte, and refused in one line when they are damaged."""

import shutil
from pathlib import Path

import pytest

from cramboard.errors import InputError
from cramboard.files import data_folder
from cramboard.keys import sha256_bytes
from cramboard.tasks import draft, load_task, read_task, redraw, task_names


@pytest.mark.parametrize("name", ["random-tokens", "random-words", "speeches"])
def test_the_rule_gives_the_committed_manifest_byte_for_byte(name: str) -> None:
    committed = (data_folder("tasks") / name / "manifest.jsonl").read_bytes()
    assert redraw(load_task(name).spec).encode() == committed


def test_a_draft_restores_the_manifest_and_pins_it_leaving_the_rest(tasks_folder: Path) -> None:
    folder = tasks_folder / "random-words"
    before = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    (folder / "manifest.jsonl").unlink()
    spec = folder / "task.yaml"
    digest = sha256_bytes(before["manifest.jsonl"])
    spec.write_text(spec.read_text().replace(digest, "0" * 64))
    task = draft(folder)
    assert {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert task == load_task("random-words")


def test_a_draft_refuses_a_spec_without_a_line_for_the_digest(tasks_folder: Path) -> None:
    spec = tasks_folder / "random-words" / "task.yaml"
    spec.write_text(spec.read_text().replace("manifest_sha256: ", "manifest_sha256:\n  "))
    with pytest.raises(InputError, match="manifest_sha256: it must stand on one line"):
        draft(spec.parent)


def test_unknown_tasks_are_refused_with_what_there_is() -> None:
    with pytest.raises(InputError) as caught:
        load_task("speech")
    assert str(caught.value) == f"unknown task 'speech'; did you mean speeches? there are: {', '.join(task_names())}"
    with pytest.raises(InputError) as caught:
        load_task("x")
    assert str(caught.value) == f"unknown task 'x'; there are: {', '.join(task_names())}"
    with pytest.raises(InputError, match="unknown task"):
        load_task("../tasks/speeches")


def test_a_changed_byte_of_the_manifest_is_refused(tasks_folder: Path) -> None:
    path = tasks_folder / "speeches" / "manifest.jsonl"
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    assert "manifest.jsonl: not that of speeches 1.0.0 (wrong sha256)" in refusal("speeches")


def test_a_missing_manifest_is_refused(tasks_folder: Path) -> None:
    (tasks_folder / "speeches" / "manifest.jsonl").unlink()
    assert "there is no such manifest" in refusal("speeches")


def test_a_task_in_another_folder_is_refused(tasks_folder: Path) -> None:
    shutil.move(tasks_folder / "speeches", tasks_folder / "sermons")
    assert "field name: 'speeches' is not the folder's 'sermons'" in refusal("sermons")


def test_a_sample_listed_twice_is_refused(tasks_folder: Path) -> None:
    folder = tasks_folder / "speeches"
    first = (folder / "manifest.jsonl").read_text().splitlines()[0]
    repin(folder, (folder / "manifest.jsonl").read_text() + first + "\n")
    assert "field id: '1866-johnson-1' occurs 2 times" in refusal("speeches")


def test_a_manifest_of_nothing_is_refused(tasks_folder: Path) -> None:
    repin(tasks_folder / "speeches", "")
    assert "it lists no sample" in refusal("speeches")


def test_a_broken_line_is_named(tasks_folder: Path) -> None:
    folder = tasks_folder / "speeches"
    lines = (folder / "manifest.jsonl").read_text().splitlines()
    lines[2] = lines[2][:40]
    repin(folder, "\n".join(lines))
    assert "manifest.jsonl line 3: not valid JSON" in refusal("speeches")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("language: en", "tongue: en", "field"),
        ("version: 1.0.0", "version: one", "field version"),
        ("language: en", "language: [", "not valid YAML"),
        ("schema_version: 1", "schema_version: 9", "newer than this cramboard"),
        ("lengths: [64,", "lengths: [0,", "field lengths"),
        ("name: speeches", "name: !!python/object:os.system speeches", "not valid YAML"),
    ],
)
def test_a_damaged_spec_is_refused(tasks_folder: Path, old: str, new: str, expected: str) -> None:
    path = tasks_folder / "speeches" / "task.yaml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    assert expected in refusal("speeches")


@pytest.mark.parametrize("builder", ["sermons", "passages.draw", "os"])
def test_an_unknown_builder_is_refused(tasks_folder: Path, builder: str) -> None:
    path = tasks_folder / "random-words" / "task.yaml"
    path.write_text(path.read_text().replace("builder: random-words", f"builder: {builder}"))
    with pytest.raises(InputError, match=rf"unknown builder '{builder}'; there are: passages, pg19, random-tokens"):
        load_task("random-words").samples(limit=1)


def test_a_rule_for_passages_belongs_to_the_builder_passages(tasks_folder: Path) -> None:
    path = tasks_folder / "speeches" / "task.yaml"
    path.write_text(path.read_text().replace("builder: passages", "builder: random-words"))
    assert "the builder passages needs the field passages, and no other builder has it" in refusal("speeches")


def test_an_unknown_reader_is_refused(tasks_folder: Path) -> None:
    path = tasks_folder / "speeches" / "task.yaml"
    path.write_text(path.read_text().replace("reader: address", "reader: os"))
    with pytest.raises(InputError, match=r"unknown reader 'os'; there are: address, plain-text, proposal, tei-novel"):
        load_task("speeches").samples(limit=1)


def test_a_new_task_needs_only_its_folder(tasks_folder: Path) -> None:
    folder = tasks_folder / "other-words"
    shutil.copytree(tasks_folder / "random-words", folder)
    spec = folder / "task.yaml"
    spec.write_text(spec.read_text().replace("name: random-words", "name: other-words"))
    assert load_task("other-words").lines == load_task("random-words").lines
    assert read_task(folder).ref.name == "other-words"


def test_an_installation_without_tasks_says_so(tasks_folder: Path) -> None:
    shutil.rmtree(tasks_folder)
    assert "reinstall cramboard" in refusal("speeches")


def refusal(name: str) -> str:
    with pytest.raises(InputError) as caught:
        load_task(name)
    message = str(caught.value)
    assert "\n" not in message
    return message


def repin(folder: Path, manifest: str) -> None:
    """Write another manifest and make task.yaml agree with it."""
    spec = folder / "task.yaml"
    old = sha256_bytes((folder / "manifest.jsonl").read_bytes())
    spec.write_text(spec.read_text().replace(old, sha256_bytes(manifest.encode())))
    (folder / "manifest.jsonl").write_text(manifest)
