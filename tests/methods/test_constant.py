"""The constant control knows the genre of a task and nothing of its texts."""

import pytest
import torch

from cramboard.decoders import Decoder, find_decoder, load_decoder
from cramboard.errors import InputError
from cramboard.methods import Assignment, Request, choose_method
from cramboard.methods.constant import ConstantSettings, fit
from cramboard.verify.scoring import score

SETTINGS = ConstantSettings(texts=3, span=16, steps=40, rate=0.1, rank=4)


@pytest.fixture(scope="module")
def decoder(tiny_folder) -> Decoder:
    return load_decoder(find_decoder(str(tiny_folder)))


def request(decoder: Decoder, texts: list[str], others: list[str]) -> Request:
    def assigned(names: list[str]) -> tuple[Assignment, ...]:
        return tuple(Assignment(name, decoder.tokenize(name).ids[:16], name) for name in names)

    return Request(assigned(texts), decoder, 1, 0, torch.float32, lambda n: assigned(others)[:n], lambda *_: None)


def test_it_is_fitted_on_other_texts_and_is_the_same_for_all(decoder):
    others = ["aaaa aaaa aaaa aa", "aaa aaa aaa aaa a", "aa aa aa aa aa aa"]
    made = choose_method("constant").kind.make(SETTINGS, request(decoder, ["one", "two"], others))
    assert torch.equal(made.vectors[0], made.vectors[1])
    again = fit(SETTINGS, request(decoder, ["something else"], others))
    assert torch.equal(made.vectors[0], again)
    assert not torch.equal(again, fit(SETTINGS, request(decoder, ["one"], ["zzzz zzzz zzzz zz"])))


def test_it_foretells_texts_of_its_genre_better_than_nothing(decoder):
    vectors = fit(SETTINGS, request(decoder, [], ["aaaa aaaa aaaa aa", "aaa aaa aaa aaa a", "aa aa aa aa aa aa"]))
    ids = torch.tensor(decoder.tokenize("aaaaa aaaaa aaaaa").ids[:16])
    assert score(decoder, ids, vectors).bits.sum() < score(decoder, ids, None).bits.sum()


def test_without_other_texts_there_is_no_control(decoder):
    with pytest.raises(InputError, match="no tuning sample"):
        fit(SETTINGS, request(decoder, ["one"], []))
