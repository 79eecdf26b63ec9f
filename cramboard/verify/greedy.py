"""The cross-check: decode greedily, token by token with a KV cache, and count what comes back.

Where every step of the decoder's family launches the same operations on the same tensors, the cache has its full length
from the start, and a GPU records one step and replays it; other families grow transformers' own cache.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn.functional import pad
from torch.nn.utils.rnn import pad_sequence

from cramboard.decoders import Decoder, Stepper, float32_products

# Texts that are decoded side by side: they begin alike, so they need no padding, and many take a step nearly as fast as
# one.
_SIDE_BY_SIDE = 64
_SIDE_BY_SIDE_GROWING = 32
# What their fixed cache may take on a CPU; on a GPU, half of what is free.
_CPU_CACHE_BYTES = 4 << 30
# Steps between two looks at whether any text goes on: a look waits for the device.
_LOOK = 32
# Families of which every layer is plain attention, causal or in a window, without experts, and whose step copies no
# number back to the host.
_STEADY_FAMILIES = frozenset({"gemma3_text", "llama", "mistral", "qwen2", "qwen3"})
# Rotary positions that do not change with the length.
_STEADY_ROPES = frozenset({"default", "linear", "llama3", "yarn"})


@torch.no_grad()
def greedy_horizons(decoder: Decoder, texts: Sequence[torch.Tensor], vectors: Sequence[torch.Tensor]) -> list[int]:
    """Return how many leading tokens of each text a greedy decode from its vectors alone gives back.

    Args:
        decoder: The frozen decoder; it computes in float32.
        texts: For each, `[h]` token ids that are compared with; nothing is decoded beyond the longest.
        vectors: For each, `[k, d]`, all of one k.
    """
    longest = max((len(text) for text in texts), default=0)
    if not longest:
        return [0] * len(texts)
    steady = _is_steady(decoder)
    # The last token is predicted, never read.
    positions = decoder.opening(1, vectors[0][None], torch.float32).shape[1] + longest - 1
    side_by_side = _side_by_side(decoder, positions) if steady else _SIDE_BY_SIDE_GROWING
    found: list[int] = []
    for start in range(0, len(texts), side_by_side):
        part = slice(start, start + side_by_side)
        cache = _fixed_cache(decoder, positions) if steady else None
        found += _decode(decoder, texts[part], torch.stack(list(vectors[part])), cache)
    return found


def _decode(decoder: Decoder, texts: Sequence[torch.Tensor], vectors: torch.Tensor, cache: Any) -> list[int]:
    """Decode texts side by side; `cache` is a fixed one, or None for one that grows."""
    rows = _Rows(decoder, texts, cache)
    step = rows.step if cache is None else Stepper(rows.step, decoder.device)
    with float32_products("highest"):
        rows.read(decoder.opening(len(texts), vectors, torch.float32))
        for done in range(1, max(len(text) for text in texts)):
            if done % _LOOK == 0 and not bool(rows.going.any()):
                break
            step(len(texts))
    counts: list[int] = rows.counts.tolist()
    return counts


class _Rows:
    """Texts decoded side by side; all that a step changes lies in tensors on the device.

    Attributes:
        counts: `[b]`, how many leading tokens came back.
        going: `[b]`, whether none has differed; no token is what stands behind a text's last one.
    """

    def __init__(self, decoder: Decoder, texts: Sequence[torch.Tensor], cache: Any) -> None:
        self._decoder = decoder
        self._network = decoder.network(torch.float32).get_decoder()
        self._cache = cache
        # No token is -1, so a row ends behind its text; the column beyond the longest is there to be looked at.
        targets = pad_sequence([text.to("cpu", torch.long) for text in texts], batch_first=True, padding_value=-1)
        self._targets = pad(targets, (0, 1), value=-1).to(decoder.device)
        self._next = torch.zeros(len(texts), 1, decoder.d, device=decoder.device)
        self.counts = torch.zeros(len(texts), dtype=torch.long, device=decoder.device)
        self.going = torch.ones(len(texts), dtype=torch.bool, device=decoder.device)

    def step(self, room: int) -> None:
        """Decode one token of each row behind the one before it; `room` is the number of rows."""
        self.read(self._next)

    def read(self, inputs: torch.Tensor) -> None:
        """Read `[b, n, d]` behind what was read, decode each row's next token and compare it with its text's."""
        output = self._network(inputs_embeds=inputs, past_key_values=self._cache, use_cache=True)
        self._cache = output.past_key_values
        tokens = self._decoder.logits(output.last_hidden_state[:, -1]).argmax(-1)
        self.going &= tokens == self._targets.gather(1, self.counts[:, None])[:, 0]
        self.counts += self.going
        self._next.copy_(self._decoder.embeddings(tokens[:, None], torch.float32))


def _is_steady(decoder: Decoder) -> bool:
    """Whether the network's step is the same launches over a cache of fixed size every time."""
    network = decoder.network(torch.float32)
    if network.config.model_type not in _STEADY_FAMILIES or decoder.attention != "sdpa":
        return False
    ropes = network.get_decoder().rotary_emb.rope_type
    return _STEADY_ROPES.issuperset(ropes.values() if isinstance(ropes, dict) else [ropes])


def _side_by_side(decoder: Decoder, positions: int) -> int:
    """Return how many texts' caches of so many positions fit side by side, at least one."""
    config = decoder.network(torch.float32).config
    heads = config.num_key_value_heads * (getattr(config, "head_dim", None) or decoder.d // config.num_attention_heads)
    # Keys and values, four bytes a number.
    cache_bytes: int = positions * config.num_hidden_layers * 2 * heads * 4
    free = _CPU_CACHE_BYTES
    if decoder.device.type == "cuda":
        torch.cuda.empty_cache()
        free = torch.cuda.mem_get_info(decoder.device)[0] // 2
    return max(1, min(_SIDE_BY_SIDE, free // cache_bytes))


def _fixed_cache(decoder: Decoder, positions: int) -> Any:
    """Return an empty cache that holds every position in every layer.

    So does one with a window: transformers masks what lies outside, and its own cache of a window's length keeps count
    in Python, which a recording would freeze.
    """
    from transformers import Cache
    from transformers.cache_utils import StaticLayer

    layers = decoder.network(torch.float32).config.num_hidden_layers
    return Cache(layers=[StaticLayer(positions) for _ in range(layers)])
