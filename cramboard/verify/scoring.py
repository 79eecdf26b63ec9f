"""Teacher-forced scores of one text under a decoder: the forward passes that every measure rests on."""

from dataclasses import dataclass

import torch

from cramboard.decoders import Decoder, float32_products
from cramboard.verify.measures import surprisal_bits, token_margins

# Positions whose logits exist at once: 256 x 262,144 float32 is 268 MB.
_CHUNK = 256


@dataclass(frozen=True)
class TokenScores:
    """Per token of one text, on the CPU: `margins` `[n]` float32 (logits) and `bits` `[n]` float64."""

    margins: torch.Tensor
    bits: torch.Tensor


@torch.no_grad()
def score(
    decoder: Decoder, ids: torch.Tensor, vectors: torch.Tensor | None, dtype: torch.dtype = torch.float32
) -> TokenScores:
    """Score every token of one text, the first too.

    One text at a time, so that its numbers depend on nothing beside it.

    Args:
        decoder: The frozen decoder.
        ids: `[n]` token ids on the decoder's device, n >= 1.
        vectors: `[k, d]`, or None for the decoder without vectors.
        dtype: What the decoder computes in; the scores are float32 arithmetic on its logits.
    """
    batched = None if vectors is None else vectors.to(ids.device)[None]
    margins, bits = [], []
    with float32_products("highest"):
        states = decoder.states(ids[None], batched, dtype)[0]
        for part, part_ids in zip(torch.split(states, _CHUNK), torch.split(ids, _CHUNK), strict=True):
            logits = decoder.logits(part).float()
            margins.append(token_margins(logits, part_ids).cpu())
            bits.append(surprisal_bits(logits, part_ids))
    return TokenScores(torch.cat(margins), torch.cat(bits))
