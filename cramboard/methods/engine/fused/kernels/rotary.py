"""Rotary positions on queries and keys, with the norm that Gemma puts on each head before them."""

import torch
import triton
import triton.language as tl

_ROWS = 4


@triton.jit
def _rotate(
    qkv, out, positions, cos, sin, weight, rstd, rows, eps, heads: tl.constexpr, queries: tl.constexpr,
    stride: tl.constexpr, out_stride: tl.constexpr, half: tl.constexpr, norms: tl.constexpr, block: tl.constexpr,
    wide: tl.constexpr,
):  # fmt: skip
    row = tl.program_id(0) * block + tl.arange(0, block)
    unit = tl.arange(0, wide)
    head = unit // half
    column = unit % half
    inside = (row < rows)[:, None] & (head < heads)[None, :]
    at = head[None, :] * (2 * half) + column[None, :]
    source = qkv + row[:, None].to(tl.int64) * stride + at
    a = tl.load(source, mask=inside, other=0.0).to(tl.float32)
    b = tl.load(source + half, mask=inside, other=0.0).to(tl.float32)
    if norms:
        count: tl.constexpr = wide // half
        square = tl.sum(tl.reshape(a * a + b * b, (block, count, half)), 2)
        scale = tl.rsqrt(square / (2 * half) + eps)
        at_head = tl.arange(0, count)
        tl.store(
            rstd + row[:, None] * heads + at_head[None, :], scale,
            mask=(row < rows)[:, None] & (at_head < heads)[None, :],
        )  # fmt: skip
        scale = tl.reshape(tl.broadcast_to(scale[:, :, None], (block, count, half)), (block, wide))
        kind = tl.where(head < queries, 0, 2 * half)
        a *= scale * tl.load(weight + kind + column)[None, :]
        b *= scale * tl.load(weight + kind + half + column)[None, :]
    position = tl.load(positions + row, mask=row < rows, other=0)
    angle = position[:, None] * half + column[None, :]
    c = tl.load(cos + angle, mask=inside, other=0.0)
    s = tl.load(sin + angle, mask=inside, other=0.0)
    target = out + row[:, None].to(tl.int64) * out_stride + at
    tl.store(target, (a * c - b * s).to(out.dtype.element_ty), mask=inside)
    tl.store(target + half, (b * c + a * s).to(out.dtype.element_ty), mask=inside)


def rotate(
    qkv: torch.Tensor, positions: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, heads: int, queries: int,
    weight: torch.Tensor | None, eps: float,
) -> tuple[torch.Tensor, torch.Tensor]:  # fmt: skip
    """Return the rotated queries and keys, and the head norms' reciprocal deviations `[t, heads]`.

    Without a head norm the rotation takes place in `qkv` itself, which is returned; with one the result is
    `[t, heads w]`.

    Args:
        qkv: `[t, (heads + values) w]`: the queries, the keys, the values.
        positions: `[t]` int32.
        cos: `[positions, w / 2]` float32.
        sin: The same.
        heads: Query and key heads.
        queries: Query heads.
        weight: `[2, w]` float32 of the queries' and the keys' norm, or None.
        eps: Of the norm.
    """
    rows, half = qkv.shape[0], cos.shape[1]
    norms = weight is not None
    out = torch.empty(rows, heads * 2 * half, device=qkv.device, dtype=qkv.dtype) if norms else qkv
    rstd = torch.empty(rows, heads, device=qkv.device, dtype=torch.float32) if norms else cos
    _rotate[(triton.cdiv(rows, _ROWS),)](
        qkv, out, positions, cos, sin, cos if weight is None else weight, rstd, rows, eps, heads, queries,
        qkv.shape[1], out.shape[1], half, norms, _ROWS, triton.next_power_of_2(heads) * half, num_warps=4,
    )  # fmt: skip
    return out, rstd


@triton.jit
def _head_norm_backward(
    dqkv, qkv, rstd, weight, heads: tl.constexpr, queries: tl.constexpr, stride: tl.constexpr, w: tl.constexpr
):
    row = tl.program_id(0).to(tl.int64)
    head = tl.program_id(1)
    column = tl.arange(0, w)
    at = row * stride + head * w + column
    scale = tl.load(rstd + row * heads + head)
    value = tl.load(qkv + at).to(tl.float32) * scale
    pull = tl.load(dqkv + at).to(tl.float32) * tl.load(weight + tl.where(head < queries, 0, w) + column)
    pull = scale * (pull - value * (tl.sum(value * pull, 0) / w))
    tl.store(dqkv + at, pull.to(dqkv.dtype.element_ty))


def head_norm_backward(
    dqkv: torch.Tensor, qkv: torch.Tensor, rstd: torch.Tensor, weight: torch.Tensor, queries: int
) -> None:
    """Take the gradient `dqkv` of normed queries and keys back through their norm, in place.

    Args:
        dqkv: `[t, (heads + values) w]`; the values' part stays.
        qkv: The same shape, before the norm.
        rstd: `[t, heads]`.
        weight: `[2, w]` float32.
        queries: Query heads.
    """
    rows, heads = rstd.shape
    _head_norm_backward[(rows, heads)](
        dqkv, qkv, rstd, weight, heads, queries, qkv.shape[1], weight.shape[1], num_warps=1
    )
