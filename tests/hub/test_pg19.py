"""pg19: not built yet, built once from the Hub, and from then on a task like the others."""

import csv
import io
import json
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from cramboard.errors import InputError, MachineError
from cramboard.tasks import draft, load_task
from cramboard.tasks.builders.pg19 import cut
from cramboard.tasks.sources import hub_dataset, open_source
from tests.hub.standin import Answer, Fault, Standin
from tests.hub.standin.store import Blob, Repository
from tests.run.commands import cramboard

NAME = "yurakuratov/pg19_valid_1k_chunks"
WORDS = "river stone window garden letter winter mother carriage silence morning captain forest candle bridge".split()


def row_text(number: int) -> str:
    """Make eight sentences with a broken line, unlike those of any other row."""
    words = [WORDS[(number * 7 + step * (number % 5 + 1)) % len(WORDS)] + str(number) for step in range(80)]
    sentences = [" ".join(words[at : at + 10]).capitalize() + "." for at in range(0, 80, 10)]
    sentences[6] = sentences[6].replace(" ", "\n", 1)
    return " ".join(sentences)


# Rows 119 and 118 repeat a public sample, so they are no tuning samples.
ROWS = [row_text(number) for number in range(118)] + [row_text(3), row_text(4)]


def parquet(rows: list[str]) -> bytes:
    written = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({"index": range(len(rows)), "text": rows}), written)
    return written.getvalue()


def comma_separated(rows: list[str]) -> bytes:
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerows([("", "text"), *enumerate(rows)])
    return written.getvalue().encode()


def offer(standin: Standin, tree: dict[str, bytes]) -> Repository:
    repository = Repository("datasets", NAME, private=False)
    made = {path: Blob(data, path.endswith(".parquet")) for path, data in tree.items()}
    repository.commit("main", "add", {"README.md": Blob(b"chunks"), **made})
    standin.store.repositories["datasets", NAME] = repository
    hub_dataset._texts.cache_clear()
    return repository


@pytest.fixture
def folder(standin: Standin, tasks_folder: Path) -> Path:
    return tasks_folder / "pg19"


def test_before_its_first_build_one_line_says_so(tasks_folder: Path) -> None:
    with pytest.raises(InputError) as caught:
        load_task("pg19")
    assert str(caught.value) == "task pg19 has no manifest yet; build it first: cramboard tasks build pg19"
    listed = cramboard("tasks", "list")
    assert (listed.code, listed.err) == (0, "")
    assert "not built yet" in next(line for line in listed.out.splitlines() if line.startswith("pg19"))
    assert json.loads(cramboard("tasks", "list", "--json").out)[0]["samples"] is None


def test_the_first_build_pins_what_it_finds_and_leaves_the_rest(standin: Standin, folder: Path) -> None:
    head = offer(standin, {"data/train-00000-of-00001.parquet": parquet(ROWS)}).head.id
    before = (folder / "task.yaml").read_text()
    task = draft(folder)
    after = (folder / "task.yaml").read_text()
    assert after == before.replace("revision: null", f'revision: "{head}"').replace(
        "manifest_sha256: null", f'manifest_sha256: "{task.manifest_sha256}"'
    )
    assert task == load_task("pg19")
    assert task.counts == {"public": 50, "tuning": 64}
    assert [line.origin for line in task.select("public")] == [str(number) for number in range(50)]
    assert [line.origin for line in task.select("tuning")] == [str(number) for number in range(117, 53, -1)]


def test_a_sample_is_the_second_half_of_its_rows_sentences(standin: Standin, folder: Path) -> None:
    offer(standin, {"train.parquet": parquet(ROWS)})
    task = draft(folder)
    [sample] = task.samples(ids=["pg19-0003"])
    assert sample.text == row_text(3)[row_text(3).index(sample.text) :]
    assert sample.text.count(".") == 4
    assert "\n" in sample.text
    source = open_source(task.spec.source)
    assert all(cut(source, line) == text for line, text in zip(task.lines[:3], texts(task, 3), strict=True))


def test_after_it_the_texts_need_no_network(standin: Standin, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offer(standin, {"train.parquet": parquet(ROWS)})
    ended = cramboard("tasks", "build", "pg19")
    assert (ended.code, ended.err) == (0, "")
    assert "drawn, 114 of 114 samples built" in ended.out
    standin.requests.clear()
    monkeypatch.setenv("CRAMBOARD_OFFLINE", "1")
    assert len(load_task("pg19").samples(split=None)) == 114
    assert not standin.requests


def test_with_the_cache_gone_the_texts_are_built_again_from_the_pinned_revision(
    standin: Standin, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = offer(standin, {"train.parquet": parquet(ROWS)})
    expected = draft(folder).samples()
    hub_dataset._texts.cache_clear()
    repository.commit("main", "replace", {"train.parquet": Blob(parquet(ROWS[::-1]), large=True)})
    monkeypatch.setenv("CRAMBOARD_CACHE", str(tmp_path / "empty"))
    assert load_task("pg19").samples() == expected


@pytest.mark.parametrize(
    "tree",
    [
        {"pg19.csv": comma_separated(ROWS)},
        {"data/train-0.parquet": parquet(ROWS[:70]), "data/train-1.parquet": parquet(ROWS[70:]), "test.csv": b"a"},
    ],
    ids=["one CSV file of no split", "two Parquet files of the split"],
)
def test_the_splits_files_are_found(standin: Standin, folder: Path, tree: dict[str, bytes]) -> None:
    offer(standin, tree)
    task = draft(folder)
    offer(standin, {"train.parquet": parquet(ROWS)})
    assert task.samples(ids=["pg19-0000"])[0].text in ROWS[0]
    assert len(task.lines) == 114


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({"test.parquet": parquet(ROWS)}, "no Parquet or CSV file of the split 'train'; it has test.parquet"),
        ({"train.parquet": b"PAR1"}, "train.parquet of the dataset .*: no Parquet table"),
        ({"train.parquet": parquet(ROWS[:20])}, "the dataset has 20 rows, 114 samples are asked for"),
        ({"train.parquet": parquet(ROWS[:60] + ROWS[:60])}, "only 60 of 114 rows are apart"),
        ({"train.csv": b"a,b\n1,2\n"}, "no column 'text'; there are a, b"),
    ],
)  # fmt: skip
def test_another_dataset_than_expected_is_refused_and_changes_nothing(
    standin: Standin, folder: Path, tree: dict[str, bytes], expected: str
) -> None:
    offer(standin, tree)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(InputError, match=expected) as caught:
        draft(folder)
    assert "\n" not in str(caught.value)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_without_the_hub_the_first_build_says_so(standin: Standin, folder: Path) -> None:
    standin.faults.append(Fault("", Answer(503)))
    with pytest.raises(MachineError, match=rf"dataset {NAME}: the Hub \(127.0.0.1\) answers 503"):
        draft(folder)
    assert not (folder / "manifest.jsonl").exists()


def test_a_folder_that_cannot_be_written_says_what_to_do(
    standin: Standin, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(MachineError, match="build it in a clone of cramboard, or install"):
        draft(folder)
    assert not standin.requests


def test_a_pinned_task_is_drawn_again_from_its_revision(standin: Standin, folder: Path) -> None:
    repository = offer(standin, {"train.parquet": parquet(ROWS)})
    task = draft(folder)
    repository.commit("main", "replace", {"train.parquet": Blob(parquet(ROWS[::-1]), large=True)})
    assert draft(folder) == task


def test_a_row_outside_the_dataset_is_refused(standin: Standin, folder: Path) -> None:
    offer(standin, {"train.parquet": parquet(ROWS)})
    source = open_source(draft(folder).spec.source)
    with pytest.raises(InputError, match="no row '120'; restore the task's manifest"):
        source.read("120")


def test_once_built_it_is_published_with_the_others(standin: Standin, folder: Path) -> None:
    offer(standin, {"train.parquet": parquet(ROWS)})
    draft(folder)
    ended = cramboard("tasks", "publish", "--repo", "org/texts")
    assert ended.code == 0, ended
    assert "left out" not in ended.err
    assert "pg19/public.parquet" in standin.dataset("org/texts").head.tree


def texts(task, count: int) -> list[str]:
    return [sample.text for sample in task.samples(limit=count)]
