"""Put token embeddings and vectors where the packed rows want them."""

import torch
import triton
import triton.language as tl


@triton.jit
def _embed(sources, table, vectors, out, scale, d: tl.constexpr, columns: tl.constexpr):
    position = tl.program_id(0).to(tl.int64)
    column = tl.arange(0, columns)
    inside = column < d
    source = tl.load(sources + position)
    if source >= 0:
        value = tl.load(table + source * d + column, mask=inside).to(tl.float32) * scale
    else:
        value = tl.load(vectors - (source + 1) * d + column, mask=inside).to(tl.float32)
    tl.store(out + position * d + column, value, mask=inside)


def embed(sources: torch.Tensor, table: torch.Tensor, vectors: torch.Tensor, scale: float) -> torch.Tensor:
    """Return the first residuals `[t, d]` float32.

    Args:
        sources: `[t]` int64; a token id, or -1 - i for row i of `vectors`.
        table: `[|V|, d]` embeddings.
        vectors: `[b k, d]` float32.
        scale: Factor on the embeddings; vectors are taken as they are.
    """
    d = table.shape[1]
    out = torch.empty(sources.shape[0], d, device=table.device, dtype=torch.float32)
    _embed[(sources.shape[0],)](sources, table, vectors, out, scale, d, triton.next_power_of_2(d), num_warps=4)
    return out
