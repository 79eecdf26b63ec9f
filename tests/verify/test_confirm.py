"""What a later verification confirms: at the ends of the tolerance, of the text that is scored, and of the marks."""

import shutil
from typing import Any

import pytest
import torch
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

from cramboard.decoders import Decoder, find_decoder, load_decoder
from cramboard.errors import InputError
from cramboard.schema import OtherHorizons, TokenMarks
from cramboard.verify import confirm, confirm_horizons, verify
from tests import records
from tests.tiny import save_tiny_decoder
from tests.verify.made import SPAN, certified, give


@pytest.fixture(scope="module")
def decoder(tiny_folder) -> Decoder:
    return load_decoder(find_decoder(str(tiny_folder)))


def test_a_horizon_beyond_a_token_that_is_thin_here_is_confirmed(decoder, monkeypatch):
    """Recorded where the margin of t_3 was 0.05, and measured where it is 0.045: the marks reach as far as h(0.04)."""
    files, reading = certified(decoder)
    give(monkeypatch, "verifier", {2: 0.045})
    [later] = verify(files, [reading], decoder, torch.ones(1, decoder.d), (SPAN,))
    assert (later.horizon, later.tokens) == (2, SPAN)
    assert confirm([later.model_copy(update={"horizon": SPAN})], [later]).unconfirmed == ()
    assert confirm([later.model_copy(update={"horizon": 1})], [later]).confirmed == 0


def test_a_span_beyond_the_end_of_the_text_is_refused(tmp_path):
    decoder = load_decoder(find_decoder(str(save_tiny_decoder(tmp_path, context=40_000))))
    whole = len(certified(decoder)[1].tokens.ids)
    files, reading = certified(decoder, span=whole + 1)
    record = records.record(certificate_key=files.certificate.entries[0].key)
    for again in (
        lambda: verify(files, [reading], decoder, torch.ones(1, decoder.d), (SPAN,)),
        lambda: confirm_horizons(files, [reading], decoder, [record], (SPAN,)),
    ):
        with pytest.raises(InputError, match="tokens are not the ones that the certificate was made for"):
            again()


def test_vectors_that_a_decoder_makes_no_numbers_of_are_refused(tiny_folder, tmp_path):
    """Pythia's norms subtract a mean, which overflows where a Llama's do not."""
    shutil.copytree(tiny_folder, tmp_path, dirs_exist_ok=True)
    config = GPTNeoXConfig(
        vocab_size=257, hidden_size=64, num_hidden_layers=1, num_attention_heads=4, intermediate_size=64,
        bos_token_id=256, eos_token_id=256,
    )  # fmt: skip
    GPTNeoXForCausalLM(config).save_pretrained(tmp_path)
    decoder = load_decoder(find_decoder(str(tmp_path)))
    files, reading = certified(decoder, vector=torch.full((1, decoder.d), torch.finfo(torch.float32).max))
    with pytest.raises(InputError, match=f"sample {reading.sample.id}: .* no finite logits"):
        verify(files, [reading], decoder, torch.ones(1, decoder.d), (SPAN,))


@pytest.mark.parametrize(("margins", "h", "confirmed"), [
    ({}, SPAN, 1),
    ({}, SPAN - 1, 0),
    ({40: 0.0601}, 40, 0),
    ({40: 0.0599}, 40, 1),
    ({40: 0.0401}, SPAN, 1),
    ({40: 0.0399}, SPAN, 0),
    ({40: 0.0399}, 40, 1),
])  # fmt: skip
def test_horizons_alone_are_confirmed_between_the_two_margins_and_as_far_as_verify_scores(
    decoder, monkeypatch, margins, h, confirmed
):
    """The text goes on behind the last token that is scored, and there every one would be right here."""
    files, reading = certified(decoder)
    assert len(reading.tokens.ids) > SPAN + 16
    give(monkeypatch, "horizons", margins)
    monkeypatch.setattr("cramboard.verify.horizons.greedy_horizons", lambda decoder, texts, vectors: [len(texts[0])])
    record = records.record(certificate_key=files.certificate.entries[0].key, horizon=h, greedy_horizon=h)
    assert confirm_horizons(files, [reading], decoder, [record], (64, SPAN)).confirmed == confirmed


def other(argmax: int, after_first: int, argmax_after_first: int) -> OtherHorizons:
    return OtherHorizons(argmax=argmax, after_first=after_first, argmax_after_first=argmax_after_first)


@pytest.mark.parametrize(
    ("claimed", "confirmed"),
    [
        (other(4, 1, 3), 1),
        # t_5 is wrong by 0.005, and t_3 thin by as little: elsewhere they may not be.
        (other(5, 3, 4), 1),
        (other(6, 1, 3), 0),
        (other(3, 1, 3), 0),
        (other(4, 4, 3), 0),
        (other(4, 0, 3), 0),
        (other(4, 1, 5), 0),
        (other(4, 1, 2), 0),
    ],
)
def test_horizons_by_other_rules_are_confirmed_within_the_same_tolerance(claimed, confirmed):
    margins = (1.0, 1.0, 0.045, 1.0, -0.005, -1.0, 1.0)
    values: dict[str, Any] = {
        "horizon": 2, "other_horizons": other(4, 1, 3),
        "marks": TokenMarks(ends=None, margins=margins, bits=(1.0,) * len(margins)),
    }  # fmt: skip
    later = records.record(**values)
    assert confirm([later.model_copy(update={"other_horizons": claimed})], [later]).confirmed == confirmed


def test_an_other_horizon_beyond_the_marks_stands_as_far_as_they_reach():
    marks = TokenMarks(ends=None, margins=(-1.0, 1.0, 1.0), bits=(1.0,) * 3)
    later = records.record(horizon=0, marks=marks, other_horizons=other(0, 90, 90))
    assert confirm([later], [later]).confirmed == 1
    short = later.model_copy(update={"other_horizons": other(0, 1, 90)})
    assert confirm([short], [later]).confirmed == 0
