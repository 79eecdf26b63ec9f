"""Certify candidates in the verifier's arithmetic: strict float32 through transformers' own network."""

import torch

from cramboard.decoders import Decoder, float32_products
from cramboard.methods.cram.objective import leading, margins
from cramboard.schema import CERTIFIED_MARGIN

# Tokens, and logits, that exist at once.
_TOKENS = 2**14
_LOGITS = 2**27


@torch.no_grad()
def certified_horizons(
    decoder: Decoder, ids: torch.Tensor, lengths: torch.Tensor, candidates: torch.Tensor, dtype: torch.dtype
) -> torch.Tensor:
    """Return how many leading tokens each candidate recovers with the certified margin, `[m]`.

    Args:
        decoder: The frozen decoder.
        ids: `[m, n]` token ids.
        lengths: `[m]` how many of them to look at.
        candidates: `[m, k, d]`.
        dtype: What the decoder computes in.
    """
    rows = max(1, _TOKENS // ids.shape[1])
    chunk = max(1, _LOGITS // decoder.vocabulary)
    found = []
    with float32_products("highest"):
        for part, vectors, limits in zip(
            torch.split(ids, rows), torch.split(candidates, rows), torch.split(lengths, rows), strict=True
        ):
            states = decoder.states(part, vectors, dtype).flatten(0, 1)
            each = [
                margins(decoder.logits(some), some_ids)
                for some, some_ids in zip(torch.split(states, chunk), torch.split(part.flatten(), chunk), strict=True)
            ]
            found.append(leading(torch.cat(each).view_as(part) >= CERTIFIED_MARGIN, limits))
    return torch.cat(found)
