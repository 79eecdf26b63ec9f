"""The tasks that are cut from public archives: drawn again byte for byte, clean, and apart from every other text."""

import re
import unicodedata
from functools import cache

import pytest

from cramboard.files import data_folder
from cramboard.schema import ManifestLine, to_jsonl
from cramboard.tasks import load_task, task_names
from cramboard.tasks.building import builder_of
from cramboard.tasks.duplicates import Apart
from cramboard.tasks.plan import Plan
from cramboard.tasks.sources import open_source
from tests.tasks.damage import damage

pytestmark = pytest.mark.archives
NAMES = ["fresh", "novels"]


@cache
def drawn(name: str) -> list[tuple[ManifestLine, str]]:
    spec = load_task(name).spec
    return builder_of(spec).draw(open_source(spec.source), Plan(spec.splits))


@pytest.mark.parametrize("name", NAMES)
def test_the_rule_gives_the_committed_manifest_byte_for_byte(name: str) -> None:
    committed = (data_folder("tasks") / name / "manifest.jsonl").read_bytes()
    assert to_jsonl([line for line, _ in drawn(name)]).encode() == committed


@pytest.mark.parametrize("name", NAMES)
def test_samples_are_cut_from_their_manifest_lines(name: str) -> None:
    ids = [drawn(name)[0][0].id, drawn(name)[-1][0].id]
    texts = {line.id: text for line, text in drawn(name)}
    for sample in load_task(name).samples(split=None, ids=ids):
        assert sample.text == texts[sample.id]


@pytest.mark.parametrize(("name", "tuning"), [("fresh", 27), ("novels", 43)])
def test_fifty_works_are_public_and_none_of_them_is_for_tuning(name: str, tuning: int) -> None:
    lines = [line for line, _ in drawn(name)]
    public = [line.origin for line in lines if line.split == "public"]
    others = [line.origin for line in lines if line.split == "tuning"]
    assert (len(public), len(set(public)), len(others)) == (50, 50, tuning)
    assert not set(public) & set(others)


@pytest.mark.parametrize("name", NAMES)
def test_texts_are_clean(name: str) -> None:
    for line, text in drawn(name):
        assert unicodedata.normalize("NFC", text) == text
        assert text == text.strip()
        assert not re.search(r"[ \n]{2}|[\x00-\x09\x0b-\x1f\u00a0\u00ad\ufffd]|(?i:project gutenberg)", text), line.id
        assert text[0].isupper()


def test_no_line_of_a_novel_looks_damaged() -> None:
    lines = [line for _, text in drawn("novels") for line in text.split("\n")]
    assert [line for line in lines if damage(line)] == []


def test_no_line_of_a_novel_is_the_heading_of_a_chapter() -> None:
    lines = [line for _, text in drawn("novels") for line in text.split("\n")]
    assert [line for line in lines if re.match(r"(?i:chapter|book|part) [ivxlc\d]+\b(?!.*[.?!]\W*$)", line)] == []


def test_passages_of_one_novel_do_not_overlap() -> None:
    ends: dict[str, int] = {}
    for line, _ in drawn("novels"):
        assert line.start >= ends.get(line.origin, 1_000)
        ends[line.origin] = line.start + line.characters


def test_a_novel_is_dated_by_its_first_edition_and_its_authors_are_named_alike() -> None:
    lines = [line for line, _ in drawn("novels")]
    assert all(1840 <= int(line.date) <= 1920 for line in lines)
    assert {line.author for line in lines if "ward" in line.id} == {"Mrs. Humphry Ward"}
    assert not [line.author for line in lines if re.search(r"[,(\[\d]|  ", line.author)]


def test_fresh_prose_is_newer_than_the_decoders_and_has_no_markup() -> None:
    markup = re.compile(r"``|\]\(|\]_|^\s*[-*#>|] |:[a-z]+:`|^https?:\S+$|RFC 2119|CC0", re.MULTILINE)
    for line, text in drawn("fresh"):
        assert line.date >= "2025-07-01"
        assert not markup.search(text), line.id


def test_no_text_of_any_task_is_a_near_duplicate_of_another() -> None:
    texts = {f"{name} {line.id}": text for name in NAMES for line, text in drawn(name)}
    for name in set(task_names()) - {*NAMES, "pg19"}:  # pg19 has no manifest before it is built online
        samples = load_task(name).samples(split=None)
        texts |= {f"{name} {sample.id}": sample.text for sample in samples if sample.text is not None}
    apart = Apart()
    assert [name for name, text in texts.items() if not apart.take(text)] == []
