"""How much of a horizon survives coarser storage and a coarser decoder."""

import torch

from cramboard.decoders import Decoder
from cramboard.schema import CERTIFIED_MARGIN, StoredDtype, StoredHorizon
from cramboard.verify.measures import STORED_BITS, horizon, quantise, stored_bits
from cramboard.verify.scoring import score


def stored_horizons(
    decoder: Decoder, ids: torch.Tensor, vectors: torch.Tensor, dtype: str
) -> dict[StoredDtype, StoredHorizon]:
    """Return bits and horizon of the vectors stored in `dtype` and in every coarser dtype.

    Args:
        decoder: The frozen decoder.
        ids: `[h]` tokens up to the horizon under `dtype`; the horizons count no further.
        vectors: `[k, d]` float32.
        dtype: What the certificate stores.
    """
    k, d = vectors.shape
    coarser: list[StoredDtype] = [name for name in STORED_BITS if STORED_BITS[name] < STORED_BITS[dtype]]  # type: ignore[misc]
    result: dict[StoredDtype, StoredHorizon] = {
        dtype: StoredHorizon(bits=stored_bits(k, d, dtype), horizon=len(ids))  # type: ignore[dict-item]
    }
    for name in coarser:
        kept = horizon(score(decoder, ids, quantise(vectors, name)).margins, CERTIFIED_MARGIN) if len(ids) else 0
        result[name] = StoredHorizon(bits=stored_bits(k, d, name), horizon=kept)
    return result


def bfloat16_decoder_horizon(decoder: Decoder, ids: torch.Tensor, vectors: torch.Tensor) -> int:
    """Return the horizon, up to the end of `ids` `[h]`, when the decoder computes in bfloat16. Never ranked."""
    return horizon(score(decoder, ids, vectors, torch.bfloat16).margins, CERTIFIED_MARGIN) if len(ids) else 0


@torch.no_grad()
def float64_difference(decoder: Decoder, ids: torch.Tensor, vectors: torch.Tensor) -> float:
    """Return the largest difference between the decoder's float32 and float64 logits over a text.

    A decoder is admitted when it stays within 0.01 on optimised certificates at full length.
    """
    logits = [
        decoder.logits(decoder.states(ids[None], vectors.to(ids.device)[None], dtype))[0]
        for dtype in (torch.float32, torch.float64)
    ]
    return float((logits[0].double() - logits[1]).abs().max())
