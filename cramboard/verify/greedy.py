"""The cross-check: decode greedily, token by token with a KV cache, and count what comes back."""

import torch

from cramboard.decoders import Decoder
from cramboard.verify.scoring import strict_float32


@torch.no_grad()
def greedy_horizon(decoder: Decoder, ids: torch.Tensor, vectors: torch.Tensor) -> int:
    """Return how many leading tokens of the text a greedy decode from the vectors alone gives back.

    Args:
        decoder: The frozen decoder; it computes in float32.
        ids: `[n]` token ids that are compared with.
        vectors: `[k, d]`.
    """
    network = decoder.network(torch.float32)
    device = decoder.device
    anchor = decoder.embeddings(torch.tensor([[decoder.anchor]], device=device), torch.float32)
    inputs = torch.cat([anchor, vectors.to(device)[None]], dim=1)
    cache = None
    with strict_float32():
        for position, expected in enumerate(ids.tolist()):
            output = network.get_decoder()(inputs_embeds=inputs, past_key_values=cache, use_cache=True)
            cache = output.past_key_values
            token = decoder.logits(output.last_hidden_state[:, -1]).argmax(-1)
            if token.item() != expected:
                return position
            inputs = decoder.embeddings(token[:, None], torch.float32)
    return len(ids)
