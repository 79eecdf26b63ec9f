"""The verifier counts recovered bits no further than what the source drew."""

import math
from dataclasses import replace

import pytest
import torch

from cramboard.decoders import Decoder, find_decoder, load_decoder
from cramboard.reading import Reading, read
from cramboard.tasks import Sample, load_task
from cramboard.verify import verify
from cramboard.verify.scoring import score
from tests.verify.made import certified_reading

LENGTH = 6
TOKEN_BITS = math.log2(243)


@pytest.fixture(scope="module")
def decoder(tiny_folder) -> Decoder:
    return load_decoder(find_decoder(str(tiny_folder)))


def draws_of(decoder: Decoder, ids: list[int]) -> tuple[int, ...]:
    """Return the least draw of each id: the smallest u with u n >> 64 = its place."""
    n = len(decoder.ordinary)
    return tuple(-(-decoder.ordinary.index(token) * 2**64 // n) for token in ids)


def held(decoder: Decoder) -> tuple[torch.Tensor, Sample]:
    """Return a vector and draws whose tokens it holds, though without it the decoder expects other ones."""
    for seed in range(200):
        vectors = 3 * torch.randn(1, decoder.d, generator=torch.Generator().manual_seed(seed))
        ids: list[int] = []
        while len(ids) < LENGTH:  # Greedily; the last id is predicted and not read.
            states = decoder.states(torch.tensor([[*ids, 0]]), vectors[None], torch.float32)
            ids.append(int(decoder.logits(states[0, -1]).argmax()))
        if not set(ids) <= set(decoder.ordinary):
            continue
        tokens = torch.tensor(ids)
        certified = bool((score(decoder, tokens, vectors).margins >= 0.05).all())
        if certified and float(score(decoder, tokens, None).bits.sum()) > LENGTH * TOKEN_BITS + 1:
            [like] = load_task("random-tokens").samples(limit=1)
            return vectors, replace(like, content=draws_of(decoder, ids))
    raise AssertionError("no seed gives what the test is about")


def test_bits_beyond_the_source_entropy_are_not_counted(decoder):
    vectors, sample = held(decoder)
    reading = read(load_task("random-tokens"), sample, decoder)
    files = certified_reading(decoder, reading, LENGTH, vectors, task="random-tokens")
    [capped] = verify(files, [reading], decoder, vectors, (4,))
    [unknown] = verify(files, [Reading(sample, reading.tokens, None)], decoder, vectors, (4,))
    assert capped.horizon == unknown.horizon == LENGTH
    assert capped.source_bits == pytest.approx(LENGTH * 7.924812503605781, abs=1e-4)
    assert capped.recovered_bits == capped.source_bits
    assert unknown.source_bits is None
    assert unknown.recovered_bits == pytest.approx(math.fsum(unknown.marks.bits), abs=0.01)
    assert unknown.recovered_bits > capped.recovered_bits + 1
    assert capped.density == pytest.approx(capped.recovered_bits / 64, abs=1e-6)
    assert capped.coder_efficiency == pytest.approx(capped.recovered_bits / (64 * 32), abs=1e-6)
    # What the vectors take off the decoder's own surprisal is not the source's business.
    assert capped.gain_bits == unknown.gain_bits
    assert (capped.bytes, capped.marks.ends) == (None, None)


def test_a_reading_knows_the_source_entropy_of_every_prefix(decoder):
    [sample] = load_task("random-tokens").samples(limit=1)
    reading = read(load_task("random-tokens"), sample, decoder)
    assert [reading.source_bits_of(count) for count in (0, 1, 2_048)] == pytest.approx(
        [0.0, TOKEN_BITS, 2_048 * TOKEN_BITS]
    )
    [speech] = load_task("speeches").samples(limit=1)
    assert read(load_task("speeches"), speech, decoder).source_bits_of(5) is None


def test_a_reading_of_random_words_counts_words_by_the_tokens_that_show_them(decoder):
    task = load_task("random-words")
    [sample] = task.samples(limit=1)
    reading = read(task, sample, decoder)
    assert sample.text is not None
    first = sample.text.split(" ")[0]
    words = task.words()
    assert words is not None
    begun = sum(word.startswith(first[:2]) for word in words)
    assert reading.source_bits_of(2) == pytest.approx(math.log2(7_729 / begun))  # a byte a token
    assert reading.source_bits_of(len(first) + 1) == pytest.approx(math.log2(7_729))
