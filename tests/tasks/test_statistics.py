"""The numbers of the data cards: worked out by hand, and the same in the card as in statistics.json."""

import json
from pathlib import Path

import pytest

from cramboard.board.figures import standalone, surprisal
from cramboard.errors import InputError
from cramboard.files import data_folder
from cramboard.schema import DecoderRef, TaskRef, TaskStatistics, from_json
from cramboard.tasks import load_task, task_names
from cramboard.tasks.statistics import CARD_FILE, FIGURE_FILE, STATISTICS_FILE, card_table, describe, with_table

DECODER = DecoderRef(name="made-up", tensors_sha256="0" * 64, anchor=0)
TASK = TaskRef(name="letters", version="1.0.0", manifest_sha256="0" * 64)
# Three samples of 16, 16 and 8 tokens.
BITS = [[8.0] * 8 + [2.0] * 8, [6.0] * 8 + [4.0] * 8, [1.0] * 8]


def made_up() -> TaskStatistics:
    return TaskStatistics(task=TASK, samples=3, decoders=(describe(DECODER, [100, 16, 8], BITS),))


def test_statistics_are_as_worked_out_by_hand() -> None:
    found = describe(DECODER, [100, 16, 8], BITS)
    assert (found.tokens.least, found.tokens.median, found.tokens.most) == (8, 16, 100)
    assert (found.surprisal.first, found.surprisal.last, found.surprisal.mean) == (1, 16, round(11 / 3, 4))
    assert (found.surprisal.low, found.surprisal.high) == (1.8, 5.0)
    assert [(part.first, part.last, part.samples, part.mean) for part in found.stretches] == [
        (1, 8, 3, 5.0),
        (9, 16, 2, 3.0),
    ]


def test_one_sample_has_no_spread() -> None:
    [stretch] = describe(DECODER, [8], [[2.0] * 8]).stretches
    assert stretch.low == stretch.mean == stretch.high == 2.0


def test_the_table_stands_between_its_marks_and_nothing_else_changes() -> None:
    table = card_table(made_up())
    assert "| made-up | 8 | 16 | 100 | 3.67 | 1.80 to 5.00 |" in table
    card = "# A card\n\n<!-- statistics -->\nold\n<!-- /statistics -->\n\nMore.\n"
    once = with_table(card, table, "README.md")
    assert once == f"# A card\n\n<!-- statistics -->\n\n{table}\n<!-- /statistics -->\n\nMore.\n"
    assert with_table(once, table, "README.md") == once
    with pytest.raises(InputError, match=r"README\.md: put the lines <!-- statistics -->"):
        with_table("# A card\n", table, "README.md")


def test_the_figure_has_a_point_a_stretch_and_is_a_file_of_its_own() -> None:
    svg = standalone(surprisal(made_up(), "").wide)
    assert svg.startswith('<svg xmlns="http://www.w3.org/2000/svg" ')
    assert "made-up" in svg
    assert standalone(surprisal(made_up(), "").wide) == svg


@pytest.mark.parametrize("name", task_names())
def test_every_task_has_a_card_with_all_that_a_card_tells(name: str) -> None:
    card = (data_folder("tasks") / name / CARD_FILE).read_text()
    for heading in ("What and why", "Source, licence, dates", "How it is cut", "Statistics", "Known limits"):
        assert f"\n## {heading}\n" in card
    with_table(card, "", name)


MEASURED = sorted(path.parent for path in data_folder("tasks").glob(f"*/{STATISTICS_FILE}"))


@pytest.mark.parametrize("folder", MEASURED, ids=lambda folder: folder.name)
def test_a_card_and_its_figure_show_what_was_measured_of_the_task_as_it_is(folder: Path) -> None:
    path = folder / STATISTICS_FILE
    statistics = from_json(TaskStatistics, path.read_text(), str(path))
    task = load_task(folder.name)
    assert statistics.task == task.ref
    assert statistics.samples == len(task.select())
    card = (folder / CARD_FILE).read_text()
    assert with_table(card, card_table(statistics), folder.name) == card
    assert (folder / FIGURE_FILE).read_text() == standalone(surprisal(statistics, "").wide)


@pytest.mark.parametrize(("name", "fewest"), [("novels", 17_000), ("speeches", 2_048), ("fresh", 1_024)])
def test_samples_have_the_tokens_that_are_promised(name: str, fewest: int) -> None:
    path = data_folder("tasks") / name / STATISTICS_FILE
    if not path.exists():
        pytest.skip(f"{name} is not measured yet")
    for decoder in json.loads(path.read_text())["decoders"]:
        assert decoder["tokens"]["least"] >= fewest
