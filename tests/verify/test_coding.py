"""A real arithmetic coder: its code gives the tokens back, and is as long as the surprisal says."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cramboard.decoders import Decoder, find_decoder, load_decoder
from cramboard.errors import InputError
from cramboard.verify.coding import _Reader, _Writer, decode, encode, frequencies
from cramboard.verify.scoring import score
from tests.tiny import save_tiny_decoder

TEXT = "A good map shows what to leave out. The surveyor kept the wells, the fords and the three trees."


@pytest.fixture(scope="module")
def decoder(tiny_folder) -> Decoder:
    return load_decoder(find_decoder(str(tiny_folder)))


def surprisal_bits(decoder: Decoder, ids: tuple[int, ...]) -> float:
    return float(score(decoder, torch.tensor(ids), None).bits.sum())


@pytest.mark.parametrize("suffix", [(), (7, 9)])
def test_a_code_gives_the_tokens_back_and_is_as_long_as_their_surprisal(decoder, suffix):
    read = decoder.in_layout("anchored", suffix)
    ids = read.tokenize(TEXT).ids
    code = encode(read, ids)
    assert decode(read, code, len(ids)) == ids
    assert 0 <= len(code) - surprisal_bits(read, ids) / 8 <= 1.5


def test_a_code_is_made_twice_alike_and_its_beginning_codes_the_beginning(decoder):
    ids = decoder.tokenize(TEXT).ids
    code = encode(decoder, ids)
    assert encode(decoder, ids) == code
    assert decode(decoder, code, 5) == ids[:5]


def test_another_decoder_reads_something_else(decoder, tmp_path):
    stranger = load_decoder(find_decoder(str(save_tiny_decoder(tmp_path / "stranger", seed=1))))
    ids = decoder.tokenize(TEXT).ids
    assert decode(stranger, encode(decoder, ids), len(ids)) != ids


def test_one_flipped_bit_ruins_all_that_follows(decoder):
    ids = decoder.tokenize(TEXT).ids
    code = bytearray(encode(decoder, ids))
    code[len(code) // 2] ^= 1
    found = decode(decoder, bytes(code), len(ids))
    right = [a == b for a, b in zip(found, ids, strict=True)]
    assert all(right[: len(ids) // 4])
    assert not all(right)


def test_no_token_has_a_code_too(decoder):
    assert len(encode(decoder, ())) == 1
    assert decode(decoder, b"", 0) == ()


def test_more_tokens_than_the_context_are_refused(short_folder):
    short = load_decoder(find_decoder(str(short_folder)))
    with pytest.raises(InputError, match=r"201 tokens are to be coded, and decoder .* reads 200"):
        encode(short, [1] * 201)
    with pytest.raises(InputError, match="reads 200"):
        decode(short, b"", 201)


def test_a_layout_that_foretells_no_first_token_is_refused(decoder):
    with pytest.raises(InputError, match="foretells no t_1"):
        encode(decoder.in_layout("bare", ()), [1, 2])


def test_frequencies_follow_the_softmax_and_leave_no_token_out():
    found = frequencies(np.array([0.0, math.log(3), -200.0], dtype=np.float32))
    room = 2**32 - 3
    # e^-200 has no share of its own: the least that there is.
    assert found.tolist() == pytest.approx([1 + room / 4, 1 + 3 * room / 4, 1], abs=300)
    assert found[2] == 1
    assert found.sum() <= 2**32
    assert frequencies(np.zeros(262_144, dtype=np.float32)).tolist() == [2**14] * 262_144


# Distributions of 2 to 6 tokens, from even ones to those with one token next to certain.
SHARES = st.lists(st.integers(1, 2**20) | st.sampled_from([1, 2**31]), min_size=2, max_size=6)


@settings(max_examples=200)
@given(st.data())
def test_any_tokens_under_any_distributions_come_back_in_as_many_bits_as_they_carry(data):
    steps = data.draw(st.lists(SHARES, max_size=60))
    tokens = [data.draw(st.integers(0, len(shares) - 1)) for shares in steps]
    bounds = [np.concatenate([[0], np.array(shares, dtype=np.int64).cumsum()]) for shares in steps]
    writer = _Writer()
    for bound, token in zip(bounds, tokens, strict=True):
        writer.put(bound, token)
    code = writer.finish()
    reader = _Reader(code)
    assert [reader.take(bound) for bound in bounds] == tokens
    bits = sum(math.log2(sum(shares) / shares[token]) for shares, token in zip(steps, tokens, strict=True))
    assert bits - 1 <= 8 * len(code) <= bits + 2 + 7.01


def test_halves_that_straddle_the_middle_are_settled_late():
    # Thirds: the middle one keeps its first bit open for as long as it is taken.
    bounds = np.array([0, 1, 2, 3], dtype=np.int64)
    writer = _Writer()
    for token in [1] * 500 + [2]:
        writer.put(bounds, token)
    code = writer.finish()
    reader = _Reader(code)
    assert [reader.take(bounds) for _ in range(501)] == [1] * 500 + [2]
    assert len(code) <= 501 * math.log2(3) / 8 + 2
