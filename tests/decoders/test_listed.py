"""The listed decoders load from their packages, with no network, and read text as llama.cpp does."""

import pytest
import torch

from cramboard.decoders import Decoder, find_decoder, load_decoder
from cramboard.decoders.gguf import repaired
from cramboard.decoders.ordinary import ordinary_tokens

# Digits one by one, runs of spaces longest first: what the conversion of the GGUF tokenizers gets wrong.
PINNED = {
    "smollm2-135m-instruct-q4_1": {
        "In 1790 we paid $12,345.": (788, 216, 33, 39, 41, 32, 392, 5940, 1885, 33, 34, 28, 35, 36, 37, 30),
        "a" + " " * 20 + "b\n\n\nc": (81, 42185, 278, 1116, 198, 83),
        "naïve <|endoftext|> 🙂": (3546, 46494, 2067, 108, 486, 1714, 2692, 108, 46, 47526),
    },
    "gemma-3-270m-q4_k_m": {
        "In 1790 we paid $12,345.": (
            902,
            236743,
            236770,
            236832,
            236819,
            236771,
            692,
            6382,
            609,
            236770,
            236778,
            236764,
            236800,
            236812,
            236810,
            236761,
        ),
        "a" + " " * 20 + "b\n\n\nc": (236746, 156, 236763, 109, 236755),
        "naïve <bos> 🙂": (1789, 238527, 560, 655, 46757, 236813, 57235),
    },
}


def ranges_of(decoder: Decoder) -> list[list[int]]:
    """Return what a specification pins: (first, last) of the ordinary tokens that its tokenizer has."""
    ranges: list[list[int]] = []
    for token in ordinary_tokens(decoder.name, decoder._tokenizer, decoder.vocabulary):
        if ranges and ranges[-1][1] == token - 1:
            ranges[-1][1] = token
        else:
            ranges.append([token, token])
    return ranges


# Special: <|endoftext|>, <|im_start|>; <bos>, <unused0>, <start_of_turn>, a line break, <table>, <0x00>, a tab,
# <start_of_image>.
@pytest.mark.parametrize(("name", "d", "vocabulary", "ordinary", "special"), [
    ("smollm2-135m-instruct-q4_1", 576, 49152, 49135, (0, 1)),
    ("gemma-3-270m-q4_k_m", 640, 262144, 255504, (2, 6, 105, 107, 168, 238, 255968, 255999)),
])  # fmt: skip
def test_a_listed_decoder_loads_and_tokenizes_as_pinned(name, d, vocabulary, ordinary, special, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    decoder = load_decoder(find_decoder(name))  # checks the tensors' sha256 against the spec
    assert (decoder.d, decoder.vocabulary) == (d, vocabulary)
    assert decoder.ordinary == ordinary_tokens(name, decoder._tokenizer, vocabulary), f"pin: {ranges_of(decoder)}"
    assert len(decoder.ordinary) == ordinary
    assert not {token for token in special if token in decoder.ordinary}
    assert {text: decoder.tokenize(text).ids for text in PINNED[name]} == PINNED[name]
    assert (*decoder.bos, *decoder.tokenize("a").ids) == tuple(decoder._tokenizer.encode("a").ids)


def test_what_a_decoder_computes_from_its_configuration_is_not_rounded_with_its_weights(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    decoder = load_decoder(find_decoder("gemma-3-270m-q4_k_m"))
    # Gemma scales its embeddings by sqrt(640) = 25.298; bfloat16 makes 25.25 of it.
    assert float(decoder.network(torch.float32).get_input_embeddings().embed_scale) == pytest.approx(640**0.5, rel=1e-6)


def test_the_smollm_repair_splits_digits():
    assert repaired({"pre_tokenizer": None}, "smollm-digits")["pre_tokenizer"]["pretokenizers"][0]["type"] == "Digits"


def test_the_gemma_repair_puts_long_runs_first_and_leaves_the_rest():
    merges = [["\u2581", "\u2581"], ["\u2581\u2581", "\u2581"], ["a", "b"], ["\n", "\n"], ["\u2581", "\u2581\u2581"]]
    mended = repaired({"model": {"merges": merges}}, "gemma-runs")["model"]["merges"]
    assert mended[:2] == [["\u2581\u2581", "\u2581"], ["\u2581", "\u2581\u2581"]]
    assert mended[-1] == ["a", "b"]


def test_a_tokenizer_that_needs_no_repair_is_left_alone():
    assert repaired({"model": {}}, None) == {"model": {}}
