"""Ordinary tokens: what plain text can consist of and nothing else, and how draws become them."""

import json
import shutil
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models

from cramboard.decoders import Decoder, find_decoder, load_decoder
from cramboard.decoders.ordinary import ordinary_tokens, spread_out
from cramboard.errors import InputError


@pytest.fixture(scope="module")
def decoder(tiny_folder) -> Decoder:
    return load_decoder(find_decoder(str(tiny_folder)))


def test_ranges_are_spread_out():
    assert spread_out([(2, 4), (9, 9)]) == (2, 3, 4, 9)


def test_single_characters_and_merges_count_and_nothing_else_does():
    vocabulary = ["<s>", "<unused0>", "<0x41>", "a", "b", "ab", "abb", "<b>", "\n\n", "late"]
    tokenizer = Tokenizer(
        models.BPE(
            vocab={piece: token for token, piece in enumerate(vocabulary)},
            merges=[("a", "b"), ("ab", "b")],
            byte_fallback=True,
        )
    )
    tokenizer.add_special_tokens(["<s>"])
    tokenizer.add_tokens(["<b>", "\n\n", "added last"])
    assert [vocabulary[token] for token in ordinary_tokens("toy", tokenizer, 10)] == ["a", "b", "ab", "abb"]
    assert ordinary_tokens("toy", tokenizer, 6) == (3, 4, 5)


def test_bytes_that_utf8_never_has_are_left_out(decoder):
    # 256 bytes less C0, C1 and F5 to FF; its anchor, 256, is special.
    assert len(decoder.ordinary) == 243
    assert 256 not in decoder.ordinary
    seen = {byte for char in sample_of_unicode() for byte in char.encode()}
    assert len(seen) == 243


def sample_of_unicode() -> list[str]:
    """Return characters whose UTF-8 has every byte that there can be."""
    return [chr(code) for code in (*range(0x1000), *range(0x1000, 0xD800, 0x40), *range(0xE000, 0x110000, 0x1000))]


@given(st.lists(st.integers(0, 2**64 - 1), max_size=30))
def test_no_draw_gives_anything_but_an_ordinary_token(decoder, draws):
    tokens = decoder.read_draws(draws)
    assert set(tokens.ids) <= set(decoder.ordinary)
    assert tokens == decoder.read_draws(draws)
    assert len(tokens.ids) == len(draws)


def test_the_lowest_draw_is_the_first_token_the_highest_the_last_and_a_third_a_third(decoder):
    ordinary = decoder.ordinary
    assert decoder.read_draws([0, 2**64 // 3, 2**64 - 1]).ids == (ordinary[0], ordinary[81 - 1], ordinary[-1])
    assert decoder.read_draws([2**64 // 3 + 1]).ids == (ordinary[81],)  # 243 / 3 = 81


def test_every_token_has_as_many_draws_as_any_other(decoder):
    n = len(decoder.ordinary)
    firsts = [-(-position * 2**64 // n) for position in range(n + 1)]
    assert decoder.read_draws(firsts[:-1]).ids == decoder.ordinary
    assert decoder.read_draws([first - 1 for first in firsts[1:]]).ids == decoder.ordinary
    assert {after - first for first, after in pairwise(firsts)} <= {2**64 // n, 2**64 // n + 1}


def test_a_tokenizer_without_merges_is_refused_in_one_line():
    tokenizer = Tokenizer(models.Unigram([("<unk>", 0.0), ("a", -1.0)], 0, False))
    tokenizer.decoder = decoders.Metaspace()
    with pytest.raises(InputError, match=r"decoder odd: .*type Unigram are not known; .*take a decoder with a BPE"):
        ordinary_tokens("odd", tokenizer, 2)


def test_a_decoder_that_is_not_asked_for_draws_needs_no_ordinary_tokens(tiny_folder, tmp_path):
    folder = shutil.copytree(tiny_folder, tmp_path / "words")
    content = json.loads((folder / "tokenizer.json").read_text())
    content["model"] = {"type": "WordLevel", "vocab": {"a": 0, "<s>": 256}, "unk_token": "a"}
    (folder / "tokenizer.json").write_text(json.dumps(content))
    decoder = load_decoder(find_decoder(str(folder)))
    assert decoder.tokenize("a").ids == (0,)
    with pytest.raises(InputError, match="type WordLevel are not known"):
        decoder.read_draws([1])
