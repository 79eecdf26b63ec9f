"""Texts cut into pieces: every token in its place, the first failure at the right one."""

import pytest

from cramboard.board.passage import Passage, Piece, passage
from cramboard.schema import TokenMarks
from tests.records import TEXTS, ends_of, marks_of, record


def cut(text: str | None, ends: list[int] | None, margins: list[float], horizon: int) -> Passage:
    marks = TokenMarks(ends=None if ends is None else tuple(ends), margins=tuple(margins), bits=(2.5,) * len(margins))
    return passage(record(horizon=horizon, marks=marks), text)


def pieces(made: Passage) -> tuple[Piece, ...]:
    return made.head + made.tail


def test_each_token_is_a_piece_in_its_state():
    made = cut("one two three four", [3, 7, 13], [3.0, 0.02, -1.0], 1)
    assert [(piece.lead + piece.text, piece.state) for piece in pieces(made)] == [
        ("one", "certified"),
        (" two", "thin"),
        (" three", "wrong"),
    ]
    assert made.goes_on
    assert made.counts == {"certified": 1, "thin": 1, "wrong": 1}
    assert pieces(made)[0].title == "token 1: margin 3.00; 2.50 bits"
    assert [piece.after for piece in pieces(made)] == [False, False, True]


@pytest.mark.parametrize(
    ("margin", "words"),
    [(-1.0, "token 2 is wrong"), (0.02, "token 2 is correct, but its margin of 0.0200 is too thin")],
)
def test_the_first_failure_is_marked_once_and_says_what_failed(margin: float, words: str):
    made = cut("one two three", [3, 7, 13], [3.0, margin, -1.0], 1)
    assert [piece.failure for piece in pieces(made)] == ["", f"first failure: {words}", ""]
    assert (pieces(made)[1].lead, pieces(made)[1].text) == (" ", "two")


def test_a_margin_rounded_up_to_the_limit_is_still_the_failure():
    made = cut("one two", [3, 7], [3.0, 0.05], 1)
    assert pieces(made)[1].state == "thin"
    assert pieces(made)[1].failure


def test_no_failure_when_everything_is_recovered():
    made = cut("one two", [3, 7], [3.0, 1.0], 2)
    assert not any(piece.failure for piece in pieces(made))
    assert not made.goes_on


@pytest.mark.parametrize("ends", [[1, 2, 2, 2, 3], [1, 1, 1, 2, 3]])
def test_a_character_split_over_tokens_is_shown_once(ends: list[int]):
    made = cut("a\U0001f600b", ends, [1.0, 1.0, -2.0, 1.0, 1.0], 2)
    assert "".join(piece.text for piece in pieces(made)) == "a\U0001f600b"
    assert [piece.state for piece in pieces(made)].count("wrong") == 1
    assert sum(bool(piece.failure) for piece in pieces(made)) == 1


def test_a_split_first_character_joins_the_token_that_ends_it():
    made = cut("\u00e9t", [0, 1, 2], [1.0, 0.01, 1.0], 1)
    assert [piece.text for piece in pieces(made)] == ["\u00e9", "t"]
    assert pieces(made)[0].title.startswith("tokens 1 to 2: margin 1.00, 0.0100")
    assert pieces(made)[0].failure == "first failure: token 2 is correct, but its margin of 0.0100 is too thin"


def test_a_failure_on_white_space_gets_a_sign():
    made = cut("one\n\ntwo ", [3, 5, 8, 9], [1.0, -1.0, 1.0, 1.0], 1)
    assert pieces(made)[1].text == "\u21b5\n\n"


@pytest.mark.parametrize("text", [None, "short"])
def test_without_the_measured_text_the_marks_stand_alone(text: str | None):
    made = cut(text, [3, 7, 13], [3.0, 0.02, -1.0], 1)
    assert made.form == "blocks"
    assert made.note
    assert [piece.text for piece in pieces(made)] == ["", "", ""]
    assert pieces(made)[1].failure
    assert not made.goes_on


@pytest.mark.parametrize("text", [None, "some text"])
def test_tokens_that_are_drawn_are_marks_alone_whatever_text_is_at_hand(text: str | None):
    made = cut(text, None, [3.0, 0.02, -1.0], 1)
    assert (made.form, made.goes_on) == ("blocks", False)
    assert made.note.startswith("The tokens are drawn at random and make no text")
    assert [(piece.text, piece.state) for piece in pieces(made)] == [("", "certified"), ("", "thin"), ("", "wrong")]
    assert pieces(made)[1].title == "token 2: margin 0.0200; 2.50 bits"
    assert pieces(made)[1].failure


def test_long_tails_are_kept_apart():
    text = TEXTS[0] * 4
    made = passage(record(horizon=10, marks=marks_of(text, 10)), text)
    assert len(made.head) == 91
    assert len(made.head) + len(made.tail) == len(ends_of(text))
    assert "".join(piece.lead + piece.text for piece in pieces(made)) == text


def test_what_html_forbids_or_would_turn_the_text_is_replaced():
    made = cut("a\x00b\u202ec\ud800d", [7], [1.0], 1)
    assert pieces(made)[0].text == "a\ufffdb\ufffdc\ufffdd"
