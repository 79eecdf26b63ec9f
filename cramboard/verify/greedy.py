"""The cross-check: decode greedily, token by token with a KV cache, and count what comes back."""

from collections.abc import Sequence

import torch

from cramboard.decoders import Decoder, float32_products

# Texts that are decoded side by side: they begin alike, so they need no padding, and a step costs the same.
_SIDE_BY_SIDE = 32


def greedy_horizons(decoder: Decoder, texts: Sequence[torch.Tensor], vectors: Sequence[torch.Tensor]) -> list[int]:
    """Return how many leading tokens of each text a greedy decode from its vectors alone gives back.

    Args:
        decoder: The frozen decoder; it computes in float32.
        texts: For each, `[h]` token ids that are compared with; nothing is decoded beyond them.
        vectors: For each, `[k, d]`, all of one k.
    """
    found: list[int] = []
    for start in range(0, len(texts), _SIDE_BY_SIDE):
        part = slice(start, start + _SIDE_BY_SIDE)
        found += _decode(decoder, [text.tolist() for text in texts[part]], torch.stack(list(vectors[part])))
    return found


@torch.no_grad()
def _decode(decoder: Decoder, texts: list[list[int]], vectors: torch.Tensor) -> list[int]:
    network = decoder.network(torch.float32)
    device = decoder.device
    anchors = torch.full((len(texts), 1), decoder.anchor, device=device)
    inputs = torch.cat([decoder.embeddings(anchors, torch.float32), vectors.to(device)], dim=1)
    counts, going = [0] * len(texts), [len(text) > 0 for text in texts]
    cache = None
    with float32_products("highest"):
        while any(going):
            output = network.get_decoder()(inputs_embeds=inputs, past_key_values=cache, use_cache=True)
            cache = output.past_key_values
            tokens = decoder.logits(output.last_hidden_state[:, -1]).argmax(-1)
            for index, token in enumerate(tokens.tolist()):
                if going[index]:
                    right = token == texts[index][counts[index]]
                    counts[index] += right
                    going[index] = right and counts[index] < len(texts[index])
            inputs = decoder.embeddings(tokens[:, None], torch.float32)
    return counts
