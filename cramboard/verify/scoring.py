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

    def less_first(self) -> "TokenScores":
        """Return the scores with t_1 counted for nothing: not right, and 0 bits."""
        margins, bits = self.margins.clone(), self.bits.clone()
        margins[0], bits[0] = float("-inf"), 0.0
        return TokenScores(margins, bits)


@torch.no_grad()
def score(
    decoder: Decoder, ids: torch.Tensor, vectors: torch.Tensor | None, dtype: torch.dtype = torch.float32
) -> TokenScores:
    """Score every token of one text, the first too.

    One text at a time, so that its numbers depend on nothing beside it. A t_1 that nothing foretells (a bare layout
    without suffix and vectors) counts for nothing: it is not right, and has 0 bits.

    Args:
        decoder: The frozen decoder.
        ids: `[n]` token ids on the decoder's device, n >= 1.
        vectors: `[k, d]`, or None for the decoder without vectors.
        dtype: What the decoder computes in; the scores are float32 arithmetic on its logits.
    """
    batched = None if vectors is None else vectors.to(ids.device)[None]
    margins, bits = [], []
    foretold = ids
    if vectors is None and not decoder.foretells_first:
        margins, bits = [torch.full((1,), float("-inf"))], [torch.zeros(1, dtype=torch.float64)]
        foretold = ids[1:]
    if len(foretold):
        with float32_products("highest"):
            states = decoder.states(ids[None], batched, dtype)[0]
            for part, part_ids in zip(torch.split(states, _CHUNK), torch.split(foretold, _CHUNK), strict=True):
                logits = decoder.logits(part).float()
                margins.append(token_margins(logits, part_ids).cpu())
                bits.append(surprisal_bits(logits, part_ids))
    return TokenScores(torch.cat(margins), torch.cat(bits))
