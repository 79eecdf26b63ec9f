"""The parts of the rules: random numbers, the sentence splitter, the cleaning of transcripts."""

import hashlib
import unicodedata
from collections import Counter
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cramboard.tasks.prose.addresses import clean_address, opens_formally
from cramboard.tasks.prose.sentences import sentence_spans
from cramboard.tasks.streams import uniform_stream

PROSE = st.text(alphabet="aZ Mr.U?!\"'\n1(—", max_size=200)


def test_the_stream_is_sha256_of_a_counter() -> None:
    words = [hashlib.sha256(f"seed:{block}".encode()).digest() for block in range(2)]
    by_hand = [int.from_bytes(word[at : at + 8], "big") for word in words for at in (0, 8, 16, 24)]
    assert list(islice(uniform_stream("seed", 2**64), 8)) == by_hand
    assert list(islice(uniform_stream("seed", 10), 8)) == [value % 10 for value in by_hand]


@given(st.text(max_size=20), st.integers(1, 2**64))
def test_the_stream_is_in_range_and_repeats_itself(seed: str, below: int) -> None:
    values = list(islice(uniform_stream(seed, below), 9))
    assert values == list(islice(uniform_stream(seed, below), 9))
    assert all(0 <= value < below for value in values)


def test_the_stream_rejects_what_would_make_some_values_likelier() -> None:
    below = 3 * 2**62  # without rejection the lowest third would come twice as often
    values = list(islice(uniform_stream("even", below), 3_000))
    thirds = Counter(value // 2**62 for value in values)
    assert all(900 < thirds[third] < 1_100 for third in range(3))


@pytest.mark.parametrize("below", [0, -1, 2**64 + 1])
def test_the_stream_refuses_an_impossible_range(below: int) -> None:
    with pytest.raises(ValueError, match="below must be in"):
        next(uniform_stream("seed", below))


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It rains. We go.", ["It rains.", "We go."]),
        (
            "Mr. Adams met Messrs. Lee and Dr. Day. They left.",
            ["Mr. Adams met Messrs. Lee and Dr. Day.", "They left."],
        ),
        (
            "The U.S. Army took St. Louis. John Q. Public saw.",
            ["The U.S. Army took St. Louis.", "John Q. Public saw."],
        ),
        ('He said "Go." She went. "Why?" Who knows!', ['He said "Go."', "She went.", '"Why?"', "Who knows!"]),
        ("In 1950. And so on", ["In 1950.", "And so on"]),
        ("1. A list item. Its end.", ["1. A list item.", "Its end."]),
        ("A heading\nA line. b. C is it", ["A heading", "A line. b. C is it"]),
        ("at $2.5 million. not a start", ["at $2.5 million. not a start"]),
        ("", []),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    assert [text[start:end] for start, end in sentence_spans(text)] == sentences


@settings(max_examples=300)
@given(PROSE)
def test_sentences_cover_the_text_but_for_white_space(text: str) -> None:
    last = 0
    for start, end in sentence_spans(text):
        assert last <= start < end <= len(text)
        assert not text[last:start].strip()
        assert "\n" not in text[start:end]
        last = end
    assert not text[last:].strip()


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        (
            "To the Congress:\n\nAll is well.\n\nJANE DOE\nThe White House,\nMay 1, 1901.",
            "All is well.",
        ),
        ("We won. [Laughter] We did—[applause]—win.", "We won. We did—win."),
        ("The objects [see APP Note] of [1815-03-03] law.", "The objects of law."),
        ("They are [the States] free [sic, p. 9].", "They are [the States] free [sic, p. 9]."),
        ("We will——\n\nAudience members. Boo!\n\nThe President. ——win again.", "We will—win again."),
        ("My aim—[laughter]. Audience member. [Inaudible]\n\nThe President. Is clear.", "My aim.\nIs clear."),
        ("Audience member. [Inaudible]—border!\n\nIt is [isn't]* done.", "It is done."),
        ("Rep. Doe. You lie!\n\nThe President. No.", "No."),
        ("FOREIGN AFFAIRS.\n\nForeign Affairs\n\nPeace  reigns\u00a0here .", "Peace reigns here."),
        ("Receipts $198 ...... ...... $182 ......\n\n1929 12.0 65.8\n\nIt rose.", "It rose."),
        ("• to build;\n\n--to mend; and\n\n*Direct* aid.", "to build;\nto mend; and\nDirect aid."),
        ("The last hope.God bless.", "The last hope. God bless."),
        ("A momentÕs cafe\u0301, 81\u20442 miles.", "A moment's café, 8½ miles."),
        ("The Congress approved the following measures:", "The Congress approved the following measures:"),
    ],
)
def test_cleaning(raw: str, clean: str) -> None:
    assert clean_address(raw) == clean


@settings(max_examples=300)
@given(st.text(max_size=120) | PROSE)
def test_clean_text_is_tidy(raw: str) -> None:
    clean = clean_address(raw)
    assert unicodedata.normalize("NFC", clean) == clean
    assert "\n\n" not in clean
    assert "  " not in clean
    assert clean == clean.strip()


def test_formal_openings() -> None:
    for formal in (
        "Fellow-Citizens of the Senate and House of Representatives:",
        "Gentlemen of the Congress:",
        "Mr. Speaker, Mr. Vice President, Members of Congress:",
        "Madam Speaker, Vice President Biden, we meet.",
        "My fellow Americans, we meet.",
        "Thank you very much.",
        "To the Senate and House of Representatives:",
        "The Senate and House of Representatives of the United States:",
    ):
        assert opens_formally(formal), formal
    for telling in (
        "The Senate agreed.",
        "Members ran.",
        "Mr. Adams left.",
        "Thankfully, it ended.",
        "To the west lay sand.",
    ):
        assert not opens_formally(telling), telling
