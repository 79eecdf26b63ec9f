"""What a random text is worth under its source, by hand and against a count of every text that there could be."""

import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cramboard.tasks import load_task
from cramboard.tasks.entropy import prefix_bits
from cramboard.tasks.streams import uniform_stream

WORDS = ("a", "ab", "abc", "b", "ba", "the", "them", "then")
# Every text of four words; none is shorter than 7 characters.
EVERY = [" ".join(words) for words in product(WORDS, repeat=4)]


def test_a_word_is_worth_what_it_has_made_certain() -> None:
    # 8 words, 3 bits each. Begun: "t" has 3 candidates, "the" still 3, "then" one; a space ends the word.
    text = "then ab a"
    found = prefix_bits(text, [0, 1, 3, 4, 5, 6, 7, 8, 9], WORDS)
    like = [0, math.log2(8 / 3), math.log2(8 / 3), 3, 3, 3 + math.log2(8 / 3), 3 + 2, 6, 6 + math.log2(8 / 3)]
    assert found == pytest.approx(like)


def test_a_token_may_hold_several_words() -> None:
    assert prefix_bits("b b b then", [4, 9, 10], WORDS) == pytest.approx([6, 9 + math.log2(8 / 3), 12])


@given(st.lists(st.sampled_from(WORDS), min_size=4, max_size=4), st.integers(0, 6))
def test_it_is_the_information_of_the_prefix(drawn: list[str], end: int) -> None:
    text = " ".join(drawn)
    like = sum(other.startswith(text[:end]) for other in EVERY)
    assert prefix_bits(text, [end], WORDS)[0] == pytest.approx(math.log2(len(EVERY) / like))


@given(st.integers(0, 2**32))
def test_it_never_falls_and_ends_near_the_whole(seed: int) -> None:
    stream = uniform_stream(str(seed), len(WORDS))
    text = " ".join(WORDS[next(stream)] for _ in range(20))
    found = prefix_bits(text, range(len(text) + 1), WORDS)
    assert list(found) == sorted(found)
    assert 19 * 3 < found[-1] <= 20 * 3


def test_the_words_of_random_words_are_known_and_no_other_tasks() -> None:
    words = load_task("random-words").words()
    assert words is not None
    assert len(words) == 7_729
    assert load_task("speeches").words() is None
    assert load_task("random-tokens").words() is None
    [sample] = load_task("random-words").samples(limit=1)
    assert sample.text is not None
    [whole] = prefix_bits(sample.text + " ", [len(sample.text) + 1], words)
    assert whole == pytest.approx(4_000 * math.log2(7_729))
