"""random-tokens: draws that any decoder can read, and what the card says of them."""

import hashlib
import re
from collections import Counter
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cramboard.decoders import find_decoder
from cramboard.decoders.ordinary import spread_out
from cramboard.errors import InputError
from cramboard.files import data_folder
from cramboard.schema import SeedSource
from cramboard.tasks import load_task
from cramboard.tasks.draws import draws_in, read_draws, write_draws
from cramboard.tasks.sources import open_source
from cramboard.tasks.streams import uniform_stream

CARD = data_folder("tasks") / "random-tokens" / "README.md"


def test_a_sample_is_the_stream_of_its_seed() -> None:
    [sample] = load_task("random-tokens").samples(ids=["random-tokens-007"])
    digest = hashlib.sha256(b"cramboard:random-tokens-007:0").digest()
    assert sample.origin == "cramboard:random-tokens-007"
    assert sample.text is None
    assert sample.draws is not None
    assert len(sample.draws) == 2_048
    assert sample.draws[:4] == tuple(int.from_bytes(digest[at : at + 8], "big") for at in (0, 8, 16, 24))
    assert sample.draws == tuple(islice(uniform_stream(sample.origin, 2**64), 2_048))


def test_the_manifest_is_of_the_draws_in_digits() -> None:
    for line, sample in zip(
        load_task("random-tokens").select(limit=3), load_task("random-tokens").samples(limit=3), strict=True
    ):
        assert sample.draws is not None
        written = " ".join(f"{draw:016x}" for draw in sample.draws)
        assert line.sha256 == sample.sha256 == hashlib.sha256(written.encode()).hexdigest()
        assert line.characters == len(written) == 2_048 * 17 - 1


def test_fifty_public_and_sixty_four_tuning_samples_all_different() -> None:
    task = load_task("random-tokens")
    assert (len(task.select("public")), len(task.select("tuning"))) == (50, 64)
    assert len({line.sha256 for line in task.lines}) == 114


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=20))
def test_draws_come_back_from_their_content(draws: list[int]) -> None:
    content = write_draws(draws)
    assert read_draws(content) == tuple(draws)
    assert draws_in(len(content)) == len(draws)


def test_the_draws_are_even() -> None:
    task = load_task("random-tokens")
    drawn = [draw for sample in task.samples(None) for draw in sample.draws or ()]
    assert len(set(drawn)) == len(drawn) == 114 * 2_048
    sixteenths = Counter(draw >> 60 for draw in drawn)
    expected = len(drawn) / 16
    # Chi-squared with 15 degrees of freedom: 37.7 is passed once in a thousand.
    assert sum((sixteenths[part] - expected) ** 2 / expected for part in range(16)) < 37.7
    for decoder, n in (("smollm2-135m-instruct-q4_1", 49_135), ("gemma-3-270m-q4_k_m", 255_504)):
        spec = find_decoder(decoder).spec
        assert spec is not None
        ordinary = spread_out(spec.ordinary)
        ids = {ordinary[draw * n >> 64] for draw in drawn}
        # Of n tokens, m draws miss each with (1 - 1/n)^m.
        assert len(ids) / n == pytest.approx(1 - (1 - 1 / n) ** len(drawn), abs=0.005)


def test_a_seed_has_no_files() -> None:
    source = open_source(SeedSource(kind="seed"))
    assert source.paths() == ()
    with pytest.raises(InputError, match=r"drawn from seeds and has no file 'x'"):
        source.read("x")


@pytest.mark.parametrize("name", ["smollm2-135m-instruct-q4_1", "gemma-3-270m-q4_k_m"])
def test_the_lines_of_the_card_give_the_ids_that_the_decoder_reads(name: str) -> None:
    spec = find_decoder(name).spec
    assert spec is not None
    [lines] = [block for block in re.findall(r"```python\n(.*?)```", CARD.read_text(), re.DOTALL) if name in block]
    [sample] = load_task("random-tokens").samples(limit=1)
    found: dict[str, object] = {"row": {"draws": list(sample.draws or ())}}
    exec(lines, found)
    ordinary = spread_out(spec.ordinary)
    assert found["ids"] == [ordinary[draw * len(ordinary) // 2**64] for draw in sample.draws or ()]
    assert len(lines.splitlines()) == 3
