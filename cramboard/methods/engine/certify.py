"""Certify candidates in the verifier's arithmetic: strict float32 through transformers' own network."""

from collections.abc import Sequence

import torch

from cramboard.decoders import Decoder, float32_products
from cramboard.methods.engine.objective import leading, margins
from cramboard.schema import CERTIFIED_MARGIN

# Tokens, and logits, that exist at once.
_TOKENS = 2**14
_LOGITS = 2**27


@torch.no_grad()
def certified_horizons(
    decoder: Decoder, texts: Sequence[Sequence[int]], candidates: torch.Tensor, dtype: torch.dtype
) -> list[int]:
    """Return how many leading tokens of its text each candidate recovers with the certified margin.

    Args:
        decoder: The frozen decoder.
        texts: For each candidate, the tokens to look at, at least one. Candidates of like lengths share a pass.
        candidates: `[m, k, d]`.
        dtype: What the decoder computes in.
    """
    order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
    found = [0] * len(texts)
    with float32_products("highest"):
        while order:
            longest = len(texts[order[-1]])
            part = order[-max(1, _TOKENS // longest) :]
            del order[-len(part) :]
            ids = torch.tensor([[*texts[i], *[0] * (longest - len(texts[i]))] for i in part], device=decoder.device)
            limits = torch.tensor([len(texts[i]) for i in part], device=decoder.device)
            ok = _margins(decoder, ids, candidates[part], dtype) >= CERTIFIED_MARGIN
            for index, horizon in zip(part, leading(ok, limits).tolist(), strict=True):
                found[index] = horizon
    return found


def _margins(decoder: Decoder, ids: torch.Tensor, vectors: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Return the margins `[m, n]` of ids `[m, n]`, a chunk of logits at a time."""
    chunk = max(1, _LOGITS // decoder.vocabulary)
    states = decoder.states(ids, vectors, dtype).flatten(0, 1)
    parts = zip(torch.split(states, chunk), torch.split(ids.flatten(), chunk), strict=True)
    return torch.cat([margins(decoder.logits(part), part_ids) for part, part_ids in parts]).view_as(ids)
