"""The closing table: what a person reads after a run."""

import io

import pytest
from rich.console import Console

from cramboard.results import closing_rows, length_rows, print_summary
from cramboard.results.words import interval, number, plain
from cramboard.schema import Failure, Interval, Summary
from tests.records import essays, record, run, summary


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Interval(mean=31.24, low=24.0, high=39.52), "31.2 [24.0, 39.5]"),
        (Interval(mean=31.24, low=24.0, high=39.52, at_least=True), ">= 31.2 [24.0, 39.5]"),
        (Interval(mean=31.24, low=31.24, high=31.24), "31.2"),
        (Interval(mean=1568.3, low=902.1, high=2000.0), "1,568 [902, 2,000]"),
        (Interval(mean=0.2171, low=0.1, high=0.31), "0.217 [0.100, 0.310]"),
        (Interval(mean=-0.001, low=-12.0, high=3.0), "0.0 [-12.0, 3.0]"),
        (Interval(mean=0.0, low=0.0, high=0.0), "0"),
    ],
)
def test_intervals_are_written_with_decimals_that_fit(value: Interval, text: str):
    assert interval(value) == text


def test_numbers_choose_their_own_decimals():
    assert [number(value) for value in (1568.4, 31.24, 4.051, 0.2171, 0.00418, -0.0)] == [
        "1,568",
        "31.2",
        "4.05",
        "0.217",
        "0.0042",
        "0",
    ]


def test_untrusted_words_stay_on_their_line():
    assert plain("a\x1b[31m\nb\u202ec") == "a\\u{1b}[31m b\\u{202e}c"
    assert plain("x" * 300) == "x" * 200 + "…"


def printed(made: Summary, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    print_summary(made, console)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_the_rows_say_everything_in_words():
    made = essays()[1]
    rows = {row.label: row.value for row in closing_rows(made)}
    assert rows["Tokens per vector"] == ">= 29.8 [10.2, 50.5]"
    assert rows["Coder efficiency"].startswith(">= 1.97% [")
    assert rows["Samples"] == "4 of 5"
    assert rows["Step-by-step greedy decoding"] == "4 of 4 agree"
    assert rows["Text ended first (censored)"] == "1"
    assert rows["Stopped at its target (self-limited)"] == "1"
    assert rows["essay-lost"] == "the vectors are not finite"
    assert {"float32", "bfloat16", "int8", "int4"} <= set(rows)
    assert [row.length for row in length_rows(made)] == ["16", "32", "48"]


def test_the_terminal_shows_every_row_within_80_columns():
    made = essays()[1]
    text = printed(made)
    for row in closing_rows(made):
        assert row.label in text
        assert row.value in text
    for at in length_rows(made):
        assert at.gain in text
        assert at.control in text
    assert max(map(len, text.splitlines())) <= 80


def test_one_sample_prints_no_interval():
    text = printed(summary(run(["a"]), [record("a")]))
    assert "[" not in text


def test_markup_and_escapes_in_a_reason_are_only_text():
    failure = Failure(sample="a", reason="[red]boom[/red] \x1b[2J")
    text = printed(summary(run(["a"]), [], [failure]), width=120)
    assert "[red]boom[/red] \\u{1b}[2J" in text
    assert "\x1b" not in text
