"""The greedy decode is held to a loop that reads the whole prefix anew for every token, without any cache."""

import copy
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import (
    MistralConfig,
    MistralForCausalLM,
    Olmo2Config,
    Olmo2ForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from cramboard.decoders import Decoder
from cramboard.verify import greedy
from cramboard.verify.greedy import greedy_horizons
from tests.methods.engine.tiny import COMMON, FAMILIES, random_weights

HEADS = {"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16}
# Windows far shorter than the texts; `growing` families and kernels take transformers' own cache.
BUILD = FAMILIES | {
    "mistral": lambda: random_weights(MistralForCausalLM(MistralConfig(**COMMON | HEADS, sliding_window=7))),
    "qwen2": lambda: random_weights(
        Qwen2ForCausalLM(
            Qwen2Config(
                **COMMON | {"num_attention_heads": 4, "num_key_value_heads": 2, "hidden_size": 64},
                use_sliding_window=True, sliding_window=7, max_window_layers=1,
            )
        )
    ),
    "qwen3": lambda: random_weights(Qwen3ForCausalLM(Qwen3Config(**COMMON | HEADS))),
    "growing-olmo2": lambda: random_weights(
        Olmo2ForCausalLM(Olmo2Config(**COMMON | {"num_attention_heads": 4, "hidden_size": 64}))
    ),
    "growing-llama": lambda: FAMILIES["llama"](attn_implementation="eager"),
    "growing-gemma": lambda: FAMILIES["gemma"](attn_implementation="eager"),
}  # fmt: skip
# Its positions turn with the length, which it reads on the host.
DYNAMIC = {
    "growing-dynamic": lambda: FAMILIES["llama"](
        rope_parameters={"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 2.0}
    )
}
LAYOUTS = {"anchored": ("anchored", ()), "suffix": ("anchored", (8, 3)), "bare": ("bare", ())}
LENGTH = 40  # More than a look's 32 steps.


@cache
def network(family: str):
    return (BUILD | DYNAMIC)[family]()


def decoder(family: str, layout: str = "anchored", device: str = "cpu") -> Decoder:
    made = Decoder(
        name=family, tensors_sha256="0" * 64, anchor=5, bos=(), context=4096, network=network(family),
        load=lambda dtype: copy.deepcopy(network(family)).to(dtype), tokenizer=None, ordinary=tuple,
        device=torch.device(device), folder=Path(),
    )  # fmt: skip
    return made.in_layout(*LAYOUTS[layout])


@torch.no_grad()
def decoded(reader: Decoder, vectors: torch.Tensor) -> list[list[int]]:
    """Decode greedily behind `[b, k, d]` in float64, each token from the whole prefix."""
    net, b = network(reader.name), len(vectors)
    embed = net.get_input_embeddings()
    before = torch.tensor([[reader.anchor]] if reader.layout == "anchored" else [[]], dtype=torch.long).expand(b, -1)
    ids = torch.tensor([reader.suffix], dtype=torch.long).expand(b, -1)
    for _ in range(LENGTH):
        inputs = torch.cat([embed(before), vectors.double(), embed(ids)], dim=1)
        logits = net(inputs_embeds=inputs, use_cache=False).logits[:, -1]
        ids = torch.cat([ids, logits.argmax(-1, keepdim=True)], dim=1)
    return ids[:, len(reader.suffix) :].tolist()


def rows(reader: Decoder, k: int) -> tuple[list[torch.Tensor], list[torch.Tensor], list[int]]:
    """Return texts, vectors and the counts expected: whole, wrong early, wrong late, short, empty, whole."""
    vectors = 3 * torch.randn(6, k, network(reader.name).config.hidden_size, generator=torch.Generator().manual_seed(k))
    texts = decoded(reader, vectors)
    texts[1][3] = (texts[1][3] + 1) % 97
    texts[2][25] = (texts[2][25] + 1) % 97
    texts[3], texts[4] = texts[3][:9], []
    return [torch.tensor(text) for text in texts], list(vectors), [LENGTH, 3, 25, 9, 0, LENGTH]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("family", BUILD)
def test_each_text_counts_as_the_whole_prefix_read_anew_says(family, layout):
    reader = decoder(family, layout)
    for k in (1, 3):
        texts, vectors, expected = rows(reader, k)
        assert greedy_horizons(reader, texts, vectors) == expected


@pytest.mark.parametrize("family", BUILD | DYNAMIC)
def test_only_families_of_equal_steps_get_a_cache_of_fixed_size(family):
    reader = decoder(family)
    seen = []
    reader.network(torch.float32).get_decoder().register_forward_pre_hook(
        lambda module, args, kwargs: seen.append(kwargs["past_key_values"]), with_kwargs=True
    )
    texts, vectors, _ = rows(reader, 1)
    greedy_horizons(reader, texts, vectors)
    fixed = not family.startswith("growing")
    assert [kept is not None and kept.is_compileable for kept in seen] == [fixed] * LENGTH


class Launches(TorchDispatchMode):
    """Notes what is asked of torch."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.names.append(func.overloadpacket.__name__)
        return func(*args, **kwargs or {})


@pytest.mark.parametrize("family", [family for family in BUILD if not family.startswith("growing")])
def test_a_step_is_the_same_launches_every_time_and_neither_reads_a_number_nor_makes_one_on_the_host(family):
    """What a recording on a GPU asks of it, as far as a CPU can tell."""
    reader = decoder(family)
    texts, vectors, _ = rows(reader, 1)
    with Launches() as launches:
        greedy_horizons(reader, texts, vectors)
    # A step ends by putting the next token's embeddings in their place; reading the opening before them does too.
    ends = [index for index, name in enumerate(launches.names) if name == "copy_"][-LENGTH:]
    steps = [launches.names[a + 1 : b + 1] for a, b in pairwise(ends)]
    plain = [step for step in steps if "any" not in step]
    assert (len(steps), len(plain)) == (LENGTH - 1, LENGTH - 2)
    assert all(step == plain[0] for step in plain)
    assert not {"_local_scalar_dense", "lift_fresh", "nonzero", "unique2", "masked_select"} & set(plain[0])


@pytest.mark.parametrize(("name", "value"), [("_SIDE_BY_SIDE", 4), ("_CPU_CACHE_BYTES", 1)])
def test_how_many_are_decoded_side_by_side_changes_no_count(name, value, monkeypatch):
    reader = decoder("gemma")
    texts, vectors, expected = rows(reader, 1)
    batches = []
    reader.network(torch.float32).get_decoder().register_forward_pre_hook(
        lambda module, args, kwargs: batches.append(len(kwargs["inputs_embeds"])), with_kwargs=True
    )
    monkeypatch.setattr(greedy, name, value)
    assert greedy_horizons(reader, texts, vectors) == expected
    assert max(batches) == (4 if value == 4 else 1)


def test_as_many_are_decoded_side_by_side_as_fit_the_memory(monkeypatch):
    reader = decoder("gemma")
    texts, vectors, _ = rows(reader, 1)
    seen = []
    reader.network(torch.float32).get_decoder().register_forward_hook(
        lambda module, args, kwargs, output: seen.append(kwargs["past_key_values"]), with_kwargs=True
    )
    greedy_horizons(reader, texts, vectors)
    held = sum(layer.keys.nbytes + layer.values.nbytes for layer in seen[-1].layers)
    assert len(seen[-1].layers[0].keys) == len(texts)
    monkeypatch.setattr(greedy, "_CPU_CACHE_BYTES", 2 * held // len(texts))
    greedy_horizons(reader, texts, vectors)
    assert len(seen[-1].layers[0].keys) == 2


def test_nothing_is_decoded_long_after_the_last_text_has_failed():
    reader = decoder("llama")
    texts, vectors, _ = rows(reader, 1)
    wrong = [torch.cat([(texts[0][:1] + 1) % 97, torch.zeros(500, dtype=torch.long)])]
    steps = []
    reader.network(torch.float32).get_decoder().register_forward_pre_hook(lambda module, args: steps.append(1))
    assert greedy_horizons(reader, wrong, vectors[:1]) == [0]
    assert len(steps) < 64


def test_no_texts_and_empty_texts_are_counted_without_decoding():
    reader = decoder("llama")
    vectors = torch.zeros(1, 48)
    assert greedy_horizons(reader, [], []) == []
    assert greedy_horizons(reader, [torch.tensor([]), torch.tensor([])], [vectors, vectors]) == [0, 0]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("family", BUILD)
def test_recorded_steps_count_as_plain_ones_do(family, layout):
    """Texts outgrow the windows, and rows end at steps that the recording has not seen."""
    texts, vectors, expected = rows(decoder(family, layout), 2)
    on_gpu = decoder(family, layout, "cuda")
    assert greedy_horizons(on_gpu, texts, vectors) == expected
    # Another group is another recording; tokens may lie on the device already.
    assert greedy_horizons(on_gpu, [text.to("cuda") for text in texts[:3]], vectors[:3]) == expected[:3]
