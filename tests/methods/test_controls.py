"""The controls `shuffled` and `random-vectors`: vectors that know nothing of the text that they stand for."""

from collections import Counter
from dataclasses import replace

import pytest
import torch

from cramboard.decoders import Decoder, find_decoder, load_decoder
from cramboard.errors import InputError
from cramboard.methods import Assignment, Request, choose_method
from cramboard.methods.cram.make import cram
from cramboard.methods.cram.settings import CramSettings
from cramboard.methods.shuffled import ShuffledSettings, other_of

OTHERS = ["Pack my box with five dozen jugs", "Sphinx of black", "How vexingly quick"]
QUICK = {"span": 8, "steps": 12, "patience": 12, "rank": 4, "warmup": 3, "first": 2, "grow": 4}


@pytest.fixture(scope="module")
def decoder(tiny_folder) -> Decoder:
    return load_decoder(find_decoder(str(tiny_folder)))


def request(decoder: Decoder, samples: list[str], k: int = 1, seed: int = 0, others: list[str] = OTHERS) -> Request:
    def assigned(names: list[str]) -> tuple[Assignment, ...]:
        return tuple(Assignment(name, decoder.tokenize(name).ids[:8], name) for name in names)

    return Request(assigned(samples), decoder, k, seed, torch.float64, lambda n: assigned(others)[:n], lambda *_: None)


def shuffled(asked: Request, texts: int = 3) -> tuple[torch.Tensor, ...]:
    return choose_method("shuffled").kind.make(ShuffledSettings(**QUICK, texts=texts), asked).vectors


def random_vectors(asked: Request) -> tuple[torch.Tensor, ...]:
    return choose_method("random-vectors").make(asked).vectors


def test_shuffled_vectors_are_those_that_cram_makes_of_tuning_samples(decoder):
    asked = request(decoder, ["one", "two", "three", "four"])
    crammed = cram(CramSettings(**QUICK), replace(asked, assignments=tuple(asked.others(3)))).vectors
    given = shuffled(asked)
    found = [next(i for i, vectors in enumerate(crammed) if torch.equal(vectors, mine)) for mine in given]
    assert found == [other_of(name, 0, OTHERS) for name in ("one", "two", "three", "four")]
    assert len(set(found)) > 1


@pytest.mark.parametrize("make", [shuffled, random_vectors])
def test_a_control_is_the_same_whatever_its_neighbours_are(decoder, make):
    together = make(request(decoder, ["one", "two", "three"], k=2))
    turned = make(request(decoder, ["three", "one"], k=2))
    assert torch.equal(together[0], turned[1])
    assert torch.equal(together[2], turned[0])
    assert together[0].shape == (2, decoder.d)
    assert together[0].dtype == torch.float32


@pytest.mark.parametrize("make", [shuffled, random_vectors])
def test_a_control_never_looks_at_its_text(decoder, make):
    asked = request(decoder, ["one"])
    (assignment,) = asked.assignments
    another = replace(assignment, ids=decoder.tokenize("quite another").ids[:8], text="quite another")
    assert torch.equal(make(asked)[0], make(replace(asked, assignments=(another,)))[0])


def test_every_other_text_is_used_about_as_often():
    counts = Counter(other_of(f"sample-{n}", 0, OTHERS) for n in range(900))
    assert all(250 <= counts[index] <= 350 for index in range(3))
    assert [other_of(f"sample-{n}", 0, OTHERS) for n in range(9)] != [
        other_of(f"sample-{n}", 1, OTHERS) for n in range(9)
    ]


def test_a_tuning_sample_never_gets_its_own_vectors():
    assert all(OTHERS[other_of(name, seed, OTHERS)] != name for name in OTHERS for seed in range(20))


def test_a_task_without_another_text_is_refused(decoder):
    with pytest.raises(InputError, match="no tuning sample that could stand for sample one"):
        shuffled(request(decoder, ["one"], others=[]))


def test_random_vectors_are_as_long_as_the_embeddings_are_on_average(decoder):
    table = decoder.network(torch.float32).get_input_embeddings().weight
    expected = table.double().pow(2).sum(-1).sqrt().mean().item()
    vectors = torch.cat(random_vectors(request(decoder, ["one", "two", "three"], k=2)))
    torch.testing.assert_close(vectors.norm(dim=-1), torch.full((6,), expected), rtol=1e-5, atol=0)


def test_random_vectors_point_anywhere(decoder):
    vectors = torch.cat(random_vectors(request(decoder, [f"sample-{n}" for n in range(200)])))
    directions = vectors / vectors.norm(dim=-1, keepdim=True)
    # 200 unit vectors in 64 dimensions: a mean of about 200 ** -0.5 in length, and no pair alike.
    assert directions.mean(0).norm() < 0.15
    assert (directions @ directions.T - torch.eye(200)).abs().max() < 0.8


def test_another_seed_draws_others(decoder):
    first, second = (random_vectors(request(decoder, ["one"], seed=seed))[0] for seed in (0, 1))
    assert not torch.equal(first, second)
