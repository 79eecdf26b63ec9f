"""`cramboard tasks publish`: one commit and a tag, the same bytes are nothing, others are refused."""

import multiprocessing
import os
import re
import shutil
from pathlib import Path

import pytest
import yaml

from cramboard.hub.library import _set_up
from cramboard.schema import HubPin
from cramboard.tasks.dataset import read_dataset
from tests.hub.standin import Answer, BreakOff, Fault, Standin
from tests.hub.standin.store import Blob
from tests.hub.tasks import change, first_sample, repin, shorten
from tests.run.commands import Ended, cramboard
from tests.waiting import PATIENCE_SECONDS


def publish(*words: str, repository: str = "org/texts") -> Ended:
    return cramboard("tasks", "publish", "--repo", repository, *words)


@pytest.fixture
def published(standin: Standin, tasks_folder: Path) -> Standin:
    ended = publish()
    assert ended.code == 0, ended
    standin.requests.clear()
    return standin


def test_a_publication_is_one_commit_and_a_tag(standin: Standin, tasks_folder: Path) -> None:
    ended = publish()
    dataset = standin.dataset("org/texts")
    head = dataset.head
    assert len(dataset.commits) == 2
    assert dataset.tags == {"v1.0.0": head.id}
    assert sorted(head.tree) == sorted(
        [".gitattributes", "README.md", "dataset.yaml"]
        + [
            f"{task}/{file}"
            for task in ("random-words", "speeches")
            for file in ("manifest.jsonl", "task.yaml", "public.parquet", "tuning.parquet")
        ]
    )
    pin = f'hub: {{repository: org/texts, revision: "{head.id}"}}\n'
    assert (ended.code, ended.out) == (0, pin)
    assert pin in (tasks_folder / "dataset.yaml").read_text()
    assert read_dataset().hub == HubPin(repository="org/texts", revision=head.id)
    assert "org/texts 1.0.0 published random-words, speeches" in ended.err
    assert ended.err.startswith("left out: pg19 is not built yet")


def test_the_card_is_what_the_viewer_reads(published: Standin) -> None:
    card = published.dataset("org/texts").head.tree["README.md"].data.decode()
    _, head, body = card.split("---\n", 2)
    said = yaml.safe_load(head)
    assert said["configs"][1] == {
        "config_name": "speeches",
        "data_files": [
            {"split": "public", "path": "speeches/public.parquet"},
            {"split": "tuning", "path": "speeches/tuning.parquet"},
        ],
    }
    assert {"name": "text", "dtype": "string"} in said["dataset_info"][1]["features"]
    assert (said["language"], said["size_categories"], said["license"]) == (["en"], ["n<1K"], ["cc0-1.0", "other"])
    assert "context-compression" in said["tags"]
    assert 'load_dataset("org/texts", "random-words", revision="v1.0.0", split="public")' in body
    assert "3 public, 2 tuning" in body


def test_the_same_bytes_twice_are_nothing(published: Standin) -> None:
    before = published.dataset("org/texts").head.id
    ended = publish()
    assert ended.code == 0
    assert "is there already" in ended.err
    assert published.dataset("org/texts").head.id == before
    assert not [request for request in published.requests if "/commit/" in request or "/tag/" in request]


def test_another_pyarrow_writes_the_same_table(published: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow.parquet

    real = pyarrow.parquet.write_table
    monkeypatch.setattr(
        pyarrow.parquet, "write_table", lambda table, where, compression: real(table, where, compression="gzip")
    )
    ended = publish()
    assert ended.code == 0
    assert "is there already" in ended.err


def test_changed_bytes_under_an_old_version_are_refused(published: Standin, tasks_folder: Path) -> None:
    shorten(tasks_folder / "speeches", tuning=1)
    before = published.dataset("org/texts").head.id
    publish().refused(
        3,
        "version 1.0.0 is published with other bytes (README.md differs); raise the version",
        notice="left out: pg19 is not built yet (cramboard tasks build pg19)\n",
    )
    assert published.dataset("org/texts").head.id == before


def test_a_new_version_replaces_the_files_and_leaves_the_old_tag(published: Standin, tasks_folder: Path) -> None:
    old = published.dataset("org/texts").head.id
    change(tasks_folder / "dataset.yaml", "version: 1.0.0", "version: 1.1.0")
    for file in (tasks_folder / "random-words").iterdir():
        if file.is_file():
            file.unlink()
    assert publish().code == 0
    dataset = published.dataset("org/texts")
    assert dataset.tags == {"v1.0.0": old, "v1.1.0": dataset.head.id}
    assert not any(path.startswith("random-words") for path in dataset.head.tree)


def test_other_samples_need_a_new_version_of_their_task_too(published: Standin, tasks_folder: Path) -> None:
    change(tasks_folder / "dataset.yaml", "version: 1.0.0", "version: 1.1.0")
    shorten(tasks_folder / "speeches", tuning=1)
    ended = publish()
    assert ended.code == 3
    assert "speeches 1.0.0 is published with other samples; raise the version in tasks/speeches" in ended.err
    change(tasks_folder / "speeches" / "task.yaml", "\nversion: 1.0.0", "\nversion: 1.1.0")
    assert publish().code == 0


def test_an_older_version_than_is_there_is_refused(published: Standin, tasks_folder: Path) -> None:
    change(tasks_folder / "dataset.yaml", "version: 1.0.0", "version: 0.9.0")
    assert "it has version 1.0.0 already" in publish().err


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"version: [", "not valid YAML at line 1"),
        (rb'version: "\U00110000"', "not valid YAML at line 1"),
        (b"version: 1.0.0\nversion: 1.0.0", "version occurs twice"),
        (b"\xff", "not UTF-8 text"),
    ],
)
def test_what_somebody_else_broke_on_the_hub_is_one_line(
    published: Standin, tasks_folder: Path, data: bytes, says: str
) -> None:
    dataset = published.dataset("org/texts")
    dataset.commit("main", "By hand", dataset.head.tree | {"dataset.yaml": Blob(data)})
    change(tasks_folder / "dataset.yaml", "version: 1.0.0", "version: 1.1.0")
    ended = publish()
    assert ended.code == 3
    assert ended.err.splitlines()[-1].startswith("cramboard: dataset.yaml of the dataset org/texts: ")
    assert says in ended.err.splitlines()[-1]


def test_interrupted_between_commit_and_tag_the_next_only_tags(standin: Standin, tasks_folder: Path) -> None:
    standin.faults.append(Fault("POST .*/tag/", Answer(503), times=3))
    assert publish().code == 4
    dataset = standin.dataset("org/texts")
    assert (len(dataset.commits), dataset.tags) == (2, {})
    assert publish().code == 0
    assert (len(dataset.commits), dataset.tags) == (2, {"v1.0.0": dataset.head.id})


@pytest.mark.parametrize("what", [BreakOff(), Answer(500)])
def test_an_interrupted_upload_changes_nothing_and_the_next_goes_through(
    standin: Standin, tasks_folder: Path, what: BreakOff | Answer
) -> None:
    standin.faults.append(Fault("PUT /_large/", what, after=1, times=20))
    ended = publish()
    assert ended.code == 4
    assert ended.err.count("\n") == 2
    assert len(standin.dataset("org/texts").commits) == 1
    standin.faults.clear()
    assert publish().code == 0
    assert len(standin.dataset("org/texts").commits) == 2


def test_a_commit_whose_answer_is_lost_is_not_made_twice(standin: Standin, tasks_folder: Path) -> None:
    standin.faults.append(Fault("POST .*/commit/", BreakOff(midway=True), times=1))
    ended = publish()
    assert ended.code == 0, ended
    dataset = standin.dataset("org/texts")
    assert (len(dataset.commits), dataset.tags) == (2, {"v1.0.0": dataset.head.id})


@pytest.mark.parametrize(
    ("token", "repository", "expected"),
    [
        ("hf_wrong", "org/texts", "does not accept the token"),
        ("", "org/texts", "does not accept the token"),
        ("hf_other", "org/texts", "the token may not do this"),
        ("hf_org", "org//texts", "not an id that the Hub can have"),
    ],
)
def test_a_bad_token_or_id_is_one_line(
    standin: Standin, tasks_folder: Path, monkeypatch: pytest.MonkeyPatch, token: str, repository: str, expected: str
) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    ended = publish(repository=repository)
    assert ended.code == 3
    assert expected in ended.err.splitlines()[-1]
    assert ended.err.count("\n") == 2
    assert not standin.store.repositories


def test_a_private_dataset_is_private(standin: Standin, tasks_folder: Path) -> None:
    assert publish("--private").code == 0
    assert standin.dataset("org/texts").private


def test_a_public_dataset_is_not_taken_for_a_private_one(published: Standin) -> None:
    assert "it is there and public" in publish("--private").err


def test_a_task_that_is_not_whole_is_refused_by_its_samples(standin: Standin, tasks_folder: Path) -> None:
    folder = tasks_folder / "speeches"
    manifest = folder / "manifest.jsonl"
    manifest.write_text(re.sub(r'"start":\d+', '"start":0', manifest.read_text(), count=1))
    repin(folder)
    error = publish().err.splitlines()[-1]
    assert f"task speeches is not whole and cannot be published: sample {first_sample(folder)} of" in error
    assert not standin.store.repositories


def test_offline_nothing_is_published(standin: Standin, tasks_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRAMBOARD_OFFLINE", "1")
    assert "not asked for, because this is offline" in publish().err
    assert not standin.requests


def _publish_at_once(folder: Path, start, results) -> None:
    """In a process of its own: publish what is in `folder` when `start` is given."""
    from cramboard import files

    files.data_folder = lambda room: folder / room
    _set_up()
    start.wait()
    results.put(publish().code)


@pytest.mark.parametrize("same", [True, False])
def test_of_two_publishers_at_once_one_wins(standin: Standin, tasks_folder: Path, tmp_path: Path, same: bool) -> None:
    other = tmp_path / "other"
    shutil.copytree(tasks_folder, other / "tasks")
    if not same:
        shorten(other / "tasks" / "speeches", tuning=1)
    context = multiprocessing.get_context("spawn")
    start, results = context.Event(), context.Queue()
    publishers = [
        context.Process(target=_publish_at_once, args=(folder, start, results)) for folder in (tmp_path, other)
    ]
    for publisher in publishers:
        publisher.start()
    start.set()
    codes = sorted(results.get(timeout=PATIENCE_SECONDS) for _ in publishers)
    for publisher in publishers:
        publisher.join()
    assert codes == ([0, 0] if same else [0, 3])
    dataset = standin.dataset("org/texts")
    assert (len(dataset.commits), dataset.tags) == (2, {"v1.0.0": dataset.head.id})
    assert os.environ["HF_ENDPOINT"] == standin.url
