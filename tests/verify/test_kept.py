"""Scores without vectors and behind the control are made once for a loaded decoder, and equal to the last bit."""

import gc
from pathlib import Path

import pytest
import torch

from cramboard.decoders import Decoder, find_decoder, load_decoder
from cramboard.reading import Reading, read
from cramboard.schema import SampleRecord
from cramboard.tasks import load_task
from cramboard.verify import kept, verify
from cramboard.verify.kept import kept_score
from cramboard.verify.scoring import score
from tests.verify.made import certified_reading

IDS = torch.arange(40)


@pytest.fixture
def decoder(short_folder: Path) -> Decoder:
    return load_decoder(find_decoder(str(short_folder)))


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The passes that are made for scores to keep."""
    made: list[int] = []

    def counted(decoder: Decoder, ids: torch.Tensor, vectors: torch.Tensor | None) -> object:
        made.append(len(ids))
        return score(decoder, ids, vectors)

    monkeypatch.setattr(kept, "score", counted)
    return made


def vectors(k: int, seed: int, d: int) -> torch.Tensor:
    return torch.randn(k, d, generator=torch.Generator().manual_seed(seed))


def measured(decoder: Decoder, reading: Reading, k: int, seed: int) -> tuple[SampleRecord, ...]:
    files = certified_reading(decoder, reading, 8, vectors(k, seed, decoder.d))
    return verify(files, [reading], decoder, vectors(1, 99, decoder.d).expand(k, -1), (64, 128))


def test_verifying_again_gives_the_same_records_with_fewer_passes(
    decoder: Decoder, short_folder: Path, passes: list[int]
) -> None:
    task = load_task("speeches")
    reading = read(task, task.samples(limit=1)[0], decoder)
    first = measured(decoder, reading, 1, seed=0)
    assert len(passes) == 2
    assert measured(decoder, reading, 1, seed=0) == first
    assert measured(decoder, reading, 1, seed=1) != first
    assert len(passes) == 2
    # Another k has another control; the text without vectors is the same.
    measured(decoder, reading, 2, seed=0)
    assert len(passes) == 3
    # A decoder that is loaded anew makes its own, to the same last digit.
    again = load_decoder(find_decoder(str(short_folder)))
    assert measured(again, reading, 1, seed=0) == first
    assert len(passes) == 5


@pytest.mark.parametrize("vectors_of", [None, 3])
def test_what_is_kept_is_the_score_to_the_last_bit(decoder: Decoder, vectors_of: int | None) -> None:
    held = None if vectors_of is None else vectors(vectors_of, 7, decoder.d)
    for _ in range(2):
        found, plain = kept_score(decoder, IDS, held), score(decoder, IDS, held)
        assert torch.equal(found.margins, plain.margins)
        assert torch.equal(found.bits, plain.bits)


def test_another_text_length_control_suffix_or_number_of_threads_is_scored_for_itself(
    decoder: Decoder, passes: list[int]
) -> None:
    control = vectors(2, 1, decoder.d)
    kept_score(decoder, IDS, control)
    kept_score(decoder, IDS + 1, control)
    kept_score(decoder, IDS[:39], control)
    kept_score(decoder, IDS, control + 1e-6)
    kept_score(decoder, IDS, control.reshape(1, -1)[:, : decoder.d])
    kept_score(decoder, IDS, None)
    kept_score(decoder.in_layout("anchored", [5]), IDS, control)
    torch.set_num_threads(torch.get_num_threads() + 1)
    kept_score(decoder, IDS, control)
    torch.set_num_threads(torch.get_num_threads() - 1)
    assert len(passes) == 8
    kept_score(decoder, IDS, control)
    kept_score(decoder.in_layout("anchored", [5]), IDS, control)
    assert len(passes) == 8


def test_no_more_is_kept_than_a_bound_and_the_oldest_goes_first(
    decoder: Decoder, passes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "KEPT", 2)
    for length in (10, 11, 10, 12, 10, 11):
        kept_score(decoder, IDS[:length], None)
    assert passes == [10, 11, 12, 11]


def test_what_a_decoder_keeps_goes_with_it(short_folder: Path) -> None:
    other = load_decoder(find_decoder(str(short_folder)))
    kept_score(other, IDS, None)
    assert other.network(torch.float32) in kept._kept
    before = len(kept._kept)
    del other
    gc.collect()
    assert len(kept._kept) < before
