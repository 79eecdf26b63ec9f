"""Tokens, their ends in the text, and the bytes that they hold whole."""

from hypothesis import given
from hypothesis import strategies as st

from cramboard.decoders import Tokens, find_decoder, load_decoder


def test_text_that_spells_a_special_token_stays_text(tiny_folder):
    decoder = load_decoder(find_decoder(str(tiny_folder)))
    assert 256 not in decoder.tokenize("a <s> b").ids
    assert len(decoder.tokenize("a <s> b").ids) == 7


def test_a_character_split_over_tokens_counts_with_its_last_one(tiny_folder):
    tokens = load_decoder(find_decoder(str(tiny_folder))).tokenize("hé🙂")
    assert tokens.ends == (1, 2, 2, 3, 3, 3, 3)
    assert [tokens.text_bytes("hé🙂", n) for n in range(8)] == [0, 1, 1, 3, 3, 3, 3, 7]


def test_a_text_that_begins_with_a_split_character_holds_nothing_until_it_is_whole():
    tokens = Tokens((1, 2, 3), (1, 1, 2))
    assert [tokens.text_bytes("éa", n) for n in range(4)] == [0, 0, 2, 3]


def test_tokens_that_end_before_the_first_character_hold_nothing():
    assert [Tokens((1, 2, 3), (0, 0, 2)).text_bytes("hi", n) for n in range(4)] == [0, 0, 0, 2]


def test_a_token_that_ends_with_half_a_character_holds_what_stands_before_it():
    # "hi", then a space with the first bytes of the emoji, then the rest of it.
    tokens = Tokens((1, 2, 3), (2, 4, 4))
    assert [tokens.text_bytes("hi 🙂", n) for n in range(4)] == [0, 2, 3, 7]


def test_tokens_that_are_drawn_have_no_text(tiny_folder):
    tokens = load_decoder(find_decoder(str(tiny_folder))).read_draws([0, 1])
    assert tokens.ends is None
    assert tokens.text_bytes(None, 2) is None


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_bytes_never_shrink_and_end_at_the_whole_text(text):
    tokens = Tokens(tuple(text.encode()), tuple(i + 1 for i, char in enumerate(text) for _ in char.encode()))
    counts = [tokens.text_bytes(text, n) for n in range(len(tokens.ids) + 1)]
    assert counts == sorted(counts)
    assert counts[-1] == len(text.encode())
