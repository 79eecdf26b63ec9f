"""Causal grouped-query attention over packed rows (flash attention), forward and backward.

Queries and keys come rotated; the backward pass hands their gradients back unrotated. A program works on one block
of one row; the blocks' table is made on the device, so a recorded step serves rows of any lengths.
"""

from dataclasses import dataclass

import torch
import triton
import triton.language as tl

from cramboard.methods.engine.fused.packing import BLOCK, Packing

_LOG2E = 1.4426950408889634


@triton.jit
def _attend(
    qk, v, out, lse, starts, lengths, firsts, room, scale, qk_stride: tl.constexpr, v_stride: tl.constexpr,
    queries: tl.constexpr, keys: tl.constexpr, w: tl.constexpr, window: tl.constexpr, m: tl.constexpr,
    n: tl.constexpr, stages: tl.constexpr, precision: tl.constexpr,
):  # fmt: skip
    block = tl.program_id(0)
    head = tl.program_id(1)
    length = tl.load(lengths + block)
    first = tl.load(firsts + block)
    if first < length:
        start = tl.load(starts + block).to(tl.int64)
        dtype = qk.dtype.element_ty
        column = tl.arange(0, w)
        row = first + tl.arange(0, m)
        live = row < length
        key_head = head // (queries // keys)
        q_at = qk + (start + row)[:, None] * qk_stride + head * w + column[None, :]
        q = tl.load(q_at, mask=live[:, None], other=0.0)
        k_base = qk + start * qk_stride + (queries + key_head) * w + column[None, :]
        v_base = v + start * v_stride + key_head * w + column[None, :]
        best = tl.full([m], -1e30, tl.float32)
        total = tl.zeros([m], tl.float32)
        acc = tl.zeros([m, w], tl.float32)
        begin = 0
        if window > 0:
            begin = tl.maximum(0, (first - window + 1) // n * n)
        for at in tl.range(begin, tl.minimum(first + m, length), n, num_stages=stages):
            other = at + tl.arange(0, n)
            k = tl.load(k_base + other[:, None] * qk_stride, mask=(other < length)[:, None], other=0.0)
            value = tl.load(v_base + other[:, None] * v_stride, mask=(other < length)[:, None], other=0.0)
            s = tl.dot(q, tl.trans(k), input_precision=precision) * scale
            seen = other[None, :] <= row[:, None]
            if window > 0:
                seen = seen & (other[None, :] > row[:, None] - window)
            s = tl.where(seen, s, -1e30)
            higher = tl.maximum(best, tl.max(s, 1))
            p = tl.where(seen, tl.exp2(s - higher[:, None]), 0.0)
            fade = tl.exp2(best - higher)
            total = total * fade + tl.sum(p, 1)
            best = higher
            acc = acc * fade[:, None] + tl.dot(p.to(dtype), value, input_precision=precision)
        acc = acc / total[:, None]
        out_at = out + ((start + row)[:, None] * queries + head) * w + column[None, :]
        tl.store(out_at, acc.to(out.dtype.element_ty), mask=live[:, None])
        tl.store(lse + head * room + start + row, best + tl.log2(total), mask=live)


@triton.jit
def _row_dots(out, dout, dots, rows, room, queries: tl.constexpr, w: tl.constexpr, block: tl.constexpr):
    index = tl.program_id(0) * block + tl.arange(0, block)
    inside = index < rows * queries
    at = index[:, None].to(tl.int64) * w + tl.arange(0, w)[None, :]
    a = tl.load(out + at, mask=inside[:, None], other=0.0).to(tl.float32)
    b = tl.load(dout + at, mask=inside[:, None], other=0.0).to(tl.float32)
    tl.store(dots + index % queries * room + index // queries, tl.sum(a * b, 1), mask=inside)


@triton.jit
def _unrotated(x, positions, cos, sin, live, m: tl.constexpr, w: tl.constexpr):
    """Turn gradients `[m, w]` of rotated heads back; returns their two halves."""
    half: tl.constexpr = w // 2
    a, b = tl.split(tl.permute(tl.reshape(x, (m, 2, half)), (0, 2, 1)))
    angle = positions[:, None] * half + tl.arange(0, half)[None, :]
    c = tl.load(cos + angle, mask=live[:, None], other=0.0)
    s = tl.load(sin + angle, mask=live[:, None], other=0.0)
    return a * c + b * s, b * c - a * s


@triton.jit
def _keys_backward(
    qk, v, cos, sin, dots, lse, dout, dqkv, starts, lengths, firsts, room, scale, factor, qk_stride: tl.constexpr,
    v_stride: tl.constexpr, stride: tl.constexpr, queries: tl.constexpr, keys: tl.constexpr, w: tl.constexpr,
    window: tl.constexpr, m: tl.constexpr, n: tl.constexpr, stages: tl.constexpr, precision: tl.constexpr,
):  # fmt: skip
    """The gradients of one block's keys and values under one key head: over all queries behind them."""
    block = tl.program_id(0)
    head = tl.program_id(1)
    length = tl.load(lengths + block)
    first = tl.load(firsts + block)
    group: tl.constexpr = queries // keys
    half: tl.constexpr = w // 2
    dtype = dout.dtype.element_ty
    column = tl.arange(0, w)
    if first < length:
        start = tl.load(starts + block).to(tl.int64)
        row = first + tl.arange(0, m)
        live = row < length
        k_at = qk + (start + row)[:, None] * qk_stride + (queries + head) * w + column[None, :]
        k = tl.load(k_at, mask=live[:, None], other=0.0)
        v_at = v + (start + row)[:, None] * v_stride + head * w + column[None, :]
        value = tl.load(v_at, mask=live[:, None], other=0.0).to(dtype)
        dk = tl.zeros([m, w], tl.float32)
        dv = tl.zeros([m, w], tl.float32)
        end = length
        if window > 0:
            end = tl.minimum(length, first + m + window)
        count = (end - first + n - 1) // n
        for i in tl.range(0, group * count, num_stages=stages):
            query_head = head * group + i // count
            other = first + i % count * n + tl.arange(0, n)
            there = other < length
            q_at = qk + (start + other)[:, None] * qk_stride + query_head * w + column[None, :]
            q = tl.load(q_at, mask=there[:, None], other=0.0)
            do_at = dout + ((start + other)[:, None] * queries + query_head) * w + column[None, :]
            do = tl.load(do_at, mask=there[:, None], other=0.0)
            level = tl.load(lse + query_head * room + start + other, mask=there, other=0.0)
            dot = tl.load(dots + query_head * room + start + other, mask=there, other=0.0)
            s = tl.dot(k, tl.trans(q), input_precision=precision) * scale
            seen = (row[:, None] <= other[None, :]) & there[None, :]
            if window > 0:
                seen = seen & (row[:, None] > other[None, :] - window)
            p = tl.where(seen, tl.exp2(s - level[None, :]), 0.0)
            dv += tl.dot(p.to(dtype), do, input_precision=precision)
            dp = tl.dot(value, tl.trans(do), input_precision=precision)
            ds = (p * (dp - dot[None, :])).to(dtype)
            dk += tl.dot(ds, q.to(dtype), input_precision=precision)
        low, high = _unrotated(dk * factor, row, cos, sin, live, m, w)
        dk_at = dqkv + (start + row)[:, None] * stride + (queries + head) * w + tl.arange(0, half)[None, :]
        tl.store(dk_at, low.to(dtype), mask=live[:, None])
        tl.store(dk_at + half, high.to(dtype), mask=live[:, None])
        dv_at = dqkv + (start + row)[:, None] * stride + (queries + keys + head) * w + column[None, :]
        tl.store(dv_at, dv.to(dtype), mask=live[:, None])


@triton.jit
def _queries_backward(
    qk, v, cos, sin, dots, lse, dout, dqkv, starts, lengths, firsts, room, scale, factor, qk_stride: tl.constexpr,
    v_stride: tl.constexpr, stride: tl.constexpr, queries: tl.constexpr, keys: tl.constexpr, w: tl.constexpr,
    window: tl.constexpr, m: tl.constexpr, n: tl.constexpr, stages: tl.constexpr, precision: tl.constexpr,
):  # fmt: skip
    """The gradient of one block's queries under one head: over all keys before them."""
    block = tl.program_id(0)
    head = tl.program_id(1)
    length = tl.load(lengths + block)
    first = tl.load(firsts + block)
    half: tl.constexpr = w // 2
    dtype = dout.dtype.element_ty
    column = tl.arange(0, w)
    if first < length:
        start = tl.load(starts + block).to(tl.int64)
        row = first + tl.arange(0, m)
        live = row < length
        q_at = qk + (start + row)[:, None] * qk_stride + head * w + column[None, :]
        q = tl.load(q_at, mask=live[:, None], other=0.0)
        do_at = dout + ((start + row)[:, None] * queries + head) * w + column[None, :]
        do = tl.load(do_at, mask=live[:, None], other=0.0)
        level = tl.load(lse + head * room + start + row, mask=live, other=0.0)
        dot = tl.load(dots + head * room + start + row, mask=live, other=0.0)
        k_base = qk + start * qk_stride + (queries + head // (queries // keys)) * w + column[None, :]
        v_base = v + start * v_stride + head // (queries // keys) * w + column[None, :]
        dq = tl.zeros([m, w], tl.float32)
        begin = 0
        if window > 0:
            begin = tl.maximum(0, (first - window + 1) // n * n)
        for at in tl.range(begin, tl.minimum(first + m, length), n, num_stages=stages):
            other = at + tl.arange(0, n)
            there = other < length
            k = tl.load(k_base + other[:, None] * qk_stride, mask=there[:, None], other=0.0)
            value = tl.load(v_base + other[:, None] * v_stride, mask=there[:, None], other=0.0).to(dtype)
            s = tl.dot(q, tl.trans(k), input_precision=precision) * scale
            seen = (other[None, :] <= row[:, None]) & live[:, None]
            if window > 0:
                seen = seen & (other[None, :] > row[:, None] - window)
            p = tl.where(seen, tl.exp2(s - level[:, None]), 0.0)
            dp = tl.dot(do, tl.trans(value), input_precision=precision)
            ds = (p * (dp - dot[:, None])).to(dtype)
            dq += tl.dot(ds, k.to(dtype), input_precision=precision)
        low, high = _unrotated(dq * factor, row, cos, sin, live, m, w)
        dq_at = dqkv + (start + row)[:, None] * stride + head * w + tl.arange(0, half)[None, :]
        tl.store(dq_at, low.to(dtype), mask=live[:, None])
        tl.store(dq_at + half, high.to(dtype), mask=live[:, None])


@dataclass(frozen=True)
class Tuning:
    """How one kernel runs: positions a turn of its loop, warps, pipeline stages."""

    n: int
    warps: int
    stages: int


# By the widest head that a line is for; the best of what was measured (docs/engine.md).
TUNING = {
    64: {"attend": Tuning(64, 4, 3), "keys": Tuning(32, 4, 1), "queries": Tuning(64, 4, 1)},
    128: {"attend": Tuning(64, 8, 2), "keys": Tuning(64, 8, 2), "queries": Tuning(64, 8, 2)},
    256: {"attend": Tuning(64, 8, 1), "keys": Tuning(32, 8, 2), "queries": Tuning(64, 8, 1)},
}
# float32 (tests) fits no pipeline.
_FULL = Tuning(32, 4, 1)


def _tuning(kernel: str, qk: torch.Tensor, w: int) -> dict[str, int]:
    widest = next(widest for widest in TUNING if w <= widest)
    tuning = _FULL if qk.dtype == torch.float32 else TUNING[widest][kernel]
    return {"n": tuning.n, "num_warps": tuning.warps, "stages": tuning.stages}


def attend(
    qk: torch.Tensor, v: torch.Tensor, packing: Packing, queries: int, keys: int, scale: float, window: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the heads' outputs `[t, queries w]` and the scores' log2-sum-exp2 `[queries, t]`.

    Args:
        qk: `[t, >= (queries + keys) w]` rotated queries, then keys.
        v: `[t, keys w]` view of the values.
        packing: Where the rows lie.
        queries: Query heads.
        keys: Key and value heads.
        scale: Of the scores.
        window: Positions that a query sees, itself counted; 0 is all before it.
    """
    rows, w = qk.shape[0], v.shape[1] // keys
    out = torch.empty(rows, queries * w, device=qk.device, dtype=qk.dtype)
    lse = torch.empty(queries, rows, device=qk.device, dtype=torch.float32)
    _attend[(packing.blocks, queries)](
        qk, v, out, lse, packing.block_starts, packing.block_lengths, packing.block_firsts, rows, scale * _LOG2E,
        qk.stride(0), v.stride(0), queries, keys, w, window, BLOCK, precision=_precision(qk),
        **_tuning("attend", qk, w),
    )  # fmt: skip
    return out, lse


def attend_backward(
    qk: torch.Tensor, v: torch.Tensor, packing: Packing, queries: int, keys: int, scale: float, window: int,
    cos: torch.Tensor, sin: torch.Tensor, out: torch.Tensor, lse: torch.Tensor, dout: torch.Tensor,
) -> torch.Tensor:  # fmt: skip
    """Return the gradient `[t, (queries + 2 keys) w]` of the unrotated queries and keys and of the values.

    Args:
        qk: As `attend` was given it, like all up to `window`.
        v: `[t, keys w]`.
        packing: Where the rows lie.
        queries: Query heads.
        keys: Key and value heads.
        scale: Of the scores.
        window: As in `attend`.
        cos: `[positions, w / 2]` float32.
        sin: The same.
        out: What `attend` returned.
        lse: What `attend` returned.
        dout: `[t, queries w]`; its dtype is the gradients'.
    """
    rows, w = qk.shape[0], v.shape[1] // keys
    dots = torch.empty_like(lse)
    _row_dots[(triton.cdiv(rows * queries, 64),)](out, dout, dots, rows, rows, queries, w, 64, num_warps=4)
    dqkv = torch.empty(rows, (queries + 2 * keys) * w, device=qk.device, dtype=dout.dtype)
    for kernel, heads, name in ((_keys_backward, keys, "keys"), (_queries_backward, queries, "queries")):
        kernel[(packing.blocks, heads)](
            qk, v, cos, sin, dots, lse, dout, dqkv, packing.block_starts, packing.block_lengths, packing.block_firsts,
            rows, scale * _LOG2E, scale, qk.stride(0), v.stride(0), dqkv.shape[1], queries, keys, w, window, BLOCK,
            precision=_precision(qk), **_tuning(name, qk, w),
        )  # fmt: skip
    return dqkv


def _precision(qk: torch.Tensor) -> str:
    return "ieee" if qk.dtype == torch.float32 else "tf32"
