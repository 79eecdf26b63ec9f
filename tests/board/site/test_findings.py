"""The page of findings says what the results say, names the file of every row, and says what is not there and why."""

import dataclasses
import math
import random
import re
import runpy
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cramboard.board.findings import Evidence, findings
from cramboard.board.findings import law as law_module
from cramboard.board.findings.law import Law, laws
from cramboard.board.findings.page import _verdict
from cramboard.board.site import Around, Found, Tasks
from cramboard.results.words import interval
from cramboard.schema import Matrix, SampleRecord, TokenMarks
from tests import records
from tests.board.site import made

SCRIPT = runpy.run_path(str(Path(__file__).parents[3] / "scripts" / "write_findings.py"))["main"]
PLAN = Matrix.parse(
    {
        "runs": [
            {"title": "One", "decoders": [made.SMOLLM, made.GEMMA], "tasks": ["speeches", "random-tokens", "fresh"],
             "method": "cram", "seconds": 1},
            {"title": "Two", "decoders": [made.SMOLLM], "tasks": ["speeches", "fresh"], "method": "cram", "k": 2,
             "limit": 16, "seconds": 1},
        ],
        "empty": [{"cells": "fresh/*/k2-*", "why": "the GPU was given back before it"}],
    },
    "plan",
)  # fmt: skip


@pytest.fixture(scope="module")
def evidence(submissions: Path, found: Found, around: Around, tasks: Tasks) -> Evidence:
    return Evidence(found.submissions, PLAN, around.reported, tasks, around.rules, submissions.parent)


@pytest.fixture(scope="module")
def files(evidence: Evidence) -> dict[str, str]:
    return findings(evidence)


@pytest.fixture(scope="module")
def page(files: dict[str, str]) -> str:
    return files["findings.md"]


def section(page: str, title: str) -> str:
    return page.split(f"## {title}\n")[1].split("\n## ")[0]


def rows(text: str) -> list[list[str]]:
    """Return the cells of the tables' rows, headings aside."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    ends = [at for at, line in enumerate(lines) if line[0] == "---"]
    return [line for at, line in enumerate(lines) if at not in ends and at + 1 not in ends]


def test_every_number_of_a_row_is_that_of_the_file_that_it_names(page: str, evidence: Evidence) -> None:
    shown = {row[-1]: row for row in rows(section(page, "What one vector holds"))}
    assert len(shown) == len(evidence.cram()) == 5
    for result in evidence.cram():
        row = shown[evidence.file(result)]
        assert row[:3] == [result.run.task.name, result.run.decoder.name, "50"]
        assert row[3:5] == [interval(result.summary.measures[n]) for n in ("tokens_per_vector", "recovered_bits")]


def test_every_file_that_is_named_is_there(page: str, files: dict[str, str], submissions: Path) -> None:
    named = re.findall(r"\]\(\.\./(submissions/[^)]+)\)", page)
    assert len(named) > 30
    assert all((submissions.parent / name).is_file() for name in named)
    drawn = re.findall(r"\]\((figures/[^)]+)\)", page)
    assert sorted(drawn) == sorted(set(files) - {"findings.md"})
    assert len(drawn) == 5
    assert all(files[name].startswith('<svg xmlns="http://www.w3.org/2000/svg"') for name in drawn)


def test_every_row_of_every_table_names_its_file(page: str) -> None:
    for title in re.findall(r"^## (.+)$", page, re.MULTILINE):
        found = rows(section(page, title))
        # The rows of one are made of many files, named below the table; those of the other have none.
        if title not in ("Uncertainty or length?", "Runs without a result"):
            assert all(row[-1].startswith("[") for row in found), title


def test_equal_results_give_equal_bytes(evidence: Evidence, files: dict[str, str]) -> None:
    assert findings(evidence) == files


def test_several_vectors_are_compared_with_one_on_the_same_samples(page: str, evidence: Evidence) -> None:
    one, two = (
        next(r for r in evidence.cram(k) if (r.run.task.name, r.run.decoder.name) == ("speeches", made.SMOLLM))
        for k in (1, 2)
    )
    alone = {record.sample: record.recovered_bits for record in one.records}
    share = sum(record.recovered_bits / 2 for record in two.records) / sum(alone[r.sample] for r in two.records)
    row = next(row for row in rows(section(page, "Several vectors")) if row[-1] == evidence.file(two))
    assert row[6].startswith(f"{100 * share:.1f}% [")


def test_coarser_storage_keeps_what_the_records_say(page: str) -> None:
    for row in rows(section(page, "Coarser storage")):
        assert row[3] == "100.0%"
        assert 92 < float(row[4].split("%")[0]) < 94
        assert 11 < float(row[5].split("%")[0]) < 13


def test_seeds_are_compared_text_by_text(page: str) -> None:
    assert [row[3] for row in rows(section(page, "Another seed"))] == ["1", "2"]


def test_sealed_results_and_further_spans_are_not_the_baseline(page: str) -> None:
    assert "sealed" not in "".join(cell for row in rows(page) for cell in row)
    assert "span16" not in page


def test_published_figures_stand_beside_ours_of_the_same_model(page: str) -> None:
    found = rows(section(page, "Against what was published"))
    assert ["Tarasov and others 2026, SmolLM2-135M, PG-19", "38.5"] in [row[:2] for row in found]
    # What was published of prose says nothing of random tokens, of which there are results too.
    assert {row[3] for row in found} == {"speeches"}
    assert "random-tokens" in section(page, "What one vector holds")
    assert "Llama-3.2-1B at k = 16 has 62% of the information of one vector" in page


def test_random_words_stand_beside_random_words_alone(evidence: Evidence) -> None:
    [source, *_] = evidence.reported.sources
    rows_ = [
        r.model_copy(update={"decoder": "SmolLM2-135M", "text": "random words"}) for r in source.tables[0].rows[:1]
    ]
    source = source.model_copy(update={"tables": (source.tables[0].model_copy(update={"rows": tuple(rows_)}),)})
    reported = evidence.reported.model_copy(update={"sources": (source,)})
    said = findings(dataclasses.replace(evidence, reported=reported))["findings.md"]
    found = rows(section(said, "Against what was published"))
    assert {row[3] for row in found} == {"random-words"}


def test_a_papers_own_method_as_run_here_stands_beside_its_figure(evidence: Evidence) -> None:
    assert evidence.baseline
    spec = evidence.baseline.spec.model_copy(update={"method": "tarasov2026", "name": "As published"})
    again = dataclasses.replace(evidence.baseline, slug="tarasov2026", spec=spec)
    said = findings(dataclasses.replace(evidence, submissions=(*evidence.submissions, again)))["findings.md"]
    found = rows(section(said, "Against what was published"))
    assert {row[2] for row in found} == {"As published", evidence.baseline.spec.name}


def test_an_empty_cell_says_why(page: str) -> None:
    said = section(page, "Runs without a result")
    assert "4 of the 8 runs of" in said
    assert rows(said) == [
        ["`cram/k1`", "random-tokens, fresh", "fresh", "not run yet"],
        ["`cram/k2-first16`", "-", "fresh", "the GPU was given back before it"],
    ]


def test_without_a_baseline_no_table_is_headings_alone(evidence: Evidence) -> None:
    others = tuple(one for one in evidence.submissions if one.slug != "cram")
    said = findings(dataclasses.replace(evidence, submissions=others))["findings.md"]
    for title in ("What one vector holds", "How far from the limits", "Coarser storage", "Several vectors"):
        assert section(said, title).endswith("No result yet.\n"), title
    lines = said.splitlines()
    assert not [at for at, line in enumerate(lines) if line.startswith("| ---") and not lines[at + 1].startswith("|")]


def test_a_method_of_few_samples_says_how_many(page: str, evidence: Evidence) -> None:
    shown = {row[-1]: row[4] for row in rows(section(page, "Protocols, controls and encoders"))}
    found = [r for s in evidence.submissions if s.slug != "cram" for r in s.results if r.headline]
    assert shown == {evidence.file(r): str(len(r.run.samples)) for r in found}


def test_a_claim_that_too_few_tasks_can_tell_is_not_tested(page: str) -> None:
    said = section(page, "Uncertainty or length?")
    assert f"**{made.GEMMA}** is not tested: it has results on 2 of the 3 tasks that a slope needs." in said
    assert len(rows(said)) == 4


Horizon = Callable[[float, float], float]


def on_texts(monkeypatch: pytest.MonkeyPatch, horizon: Horizon, nothing: int = 0) -> Law:
    """Test the claim on three tasks of 40 texts whose horizons follow a law of bits per token and chance."""
    draw = random.Random(5)
    names = {"easy": 4.0, "middling": 8.0, "hard": 16.0}
    by_task = {name: [text(at, bits, horizon, draw, at < nothing) for at in range(40)] for name, bits in names.items()}
    results: Any = [
        SimpleNamespace(run=SimpleNamespace(
            task=SimpleNamespace(name=name), decoder=SimpleNamespace(name="made-up"), samples=range(40)
        ))
        for name in names
    ]  # fmt: skip
    monkeypatch.setattr(law_module, "marked", lambda result: by_task[result.run.task.name])
    tasks = SimpleNamespace(named=lambda name: SimpleNamespace(select=lambda: range(40)))
    (found,) = laws(SimpleNamespace(cram=lambda: results, tasks=tasks))  # type: ignore[arg-type]
    return found


def text(at: int, level: float, horizon: Horizon, draw: random.Random, nothing: bool) -> SampleRecord:
    bits = level * draw.uniform(0.8, 1.25)
    held = 0 if nothing else round(horizon(bits, draw.lognormvariate(0, 0.1)))
    row = records.at_length(256, 100.0, 1.0).model_copy(update={"surprisal_bits": 256 * bits})
    marks = TokenMarks(ends=None, margins=(1.0,) * (held + 9), bits=(bits,) * (held + 9))
    return records.record(
        f"s{at}", author=f"a{at}", horizon=held, recovered_bits=held * bits, lengths=(row,), marks=marks
    )


def test_texts_that_end_at_as_many_bits_are_as_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    bits, counted, logs, inside = on_texts(monkeypatch, lambda bits, chance: 1200 / bits * chance).tests
    assert [test.equivalence.holds for test in (bits, counted, logs)] == [True, True, True]
    assert logs.slope.slope == pytest.approx(-1, abs=0.05)
    assert inside.slope.slope == pytest.approx(-1, abs=0.2)
    assert bits.slope.low < 0 < bits.slope.high


def test_texts_that_end_at_as_many_tokens_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    found = on_texts(monkeypatch, lambda bits, chance: 150 * chance)
    assert all(test.equivalence.fails for test in found.tests)
    assert found.tests[0].slope.slope == pytest.approx(found.tests[0].rival, rel=0.05)
    assert found.tests[2].slope.slope == pytest.approx(0, abs=0.05)


def test_what_lies_between_is_not_taken_for_the_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    found = on_texts(monkeypatch, lambda bits, chance: 600 / math.sqrt(bits) * chance)
    assert not any(test.equivalence.holds for test in found.tests)
    assert found.tests[2].slope.slope == pytest.approx(-0.5, abs=0.05)


def test_texts_of_which_nothing_came_back_are_left_out_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    found = on_texts(monkeypatch, lambda bits, chance: 1200 / bits * chance, nothing=2)
    assert (found.left_out, len(found.texts)) == (6, 114)


@pytest.mark.parametrize("field", ["censored", "self_limited"])
def test_texts_that_end_before_the_vector_fails_are_counted(monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    """A span that easy texts reach flattens the slope: whoever reads it must know."""
    whole = text
    words = "were recovered to the end of their span or text"
    law = on_texts(monkeypatch, lambda bits, chance: 1200 / bits * chance)
    assert words not in _verdict(law)

    def cut(at: int, *rest: Any) -> SampleRecord:
        return whole(at, *rest).model_copy(update={field: at < 3})

    monkeypatch.setitem(globals(), "text", cut)
    assert f"; 9 {words}" in _verdict(on_texts(monkeypatch, lambda bits, chance: 1200 / bits * chance))


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    monkeypatch.setattr("sys.argv", ["write_findings.py", *map(str, words)])
    code: int = SCRIPT()
    return code


def test_the_script_writes_the_page_from_the_results_alone(
    submissions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(monkeypatch, "--submissions", submissions, "--output-dir", tmp_path) == 0
    assert (tmp_path / "findings.md").read_text().startswith("# Findings\n")
    assert (tmp_path / "figures" / "law.svg").exists()


def test_without_results_it_says_so_in_one_line_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made.submission(tmp_path / "submissions", "cram")
    words = ("--submissions", tmp_path / "submissions", "--output-dir", tmp_path / "docs")
    assert run(monkeypatch, *words) == 3
    said = f"write_findings: {tmp_path}/submissions: no submission has results yet; nothing is written\n"
    assert capsys.readouterr().err == said
    place = made.add(tmp_path / "submissions" / "cram", limit=2)
    (place / "samples.jsonl").write_text("")
    assert run(monkeypatch, *words) == 3
    assert "1 results are broken, the first: " in capsys.readouterr().err
    assert not (tmp_path / "docs").exists()
