"""Residual addition and RMSNorm in one pass, and their backward pass."""

import torch
import triton
import triton.language as tl

_ROWS = 4


@triton.jit
def _add_norm(
    h, delta, post, weight, out, x, rstd, post_rstd, rows, eps, d: tl.constexpr, adds: tl.constexpr,
    posts: tl.constexpr, columns: tl.constexpr, block: tl.constexpr,
):  # fmt: skip
    row = tl.program_id(0) * block + tl.arange(0, block)
    column = tl.arange(0, columns)
    live = row < rows
    inside = live[:, None] & (column < d)[None, :]
    at = row[:, None].to(tl.int64) * d + column[None, :]
    value = tl.load(h + at, mask=inside, other=0.0).to(tl.float32)
    if adds:
        step = tl.load(delta + at, mask=inside, other=0.0).to(tl.float32)
        if posts:
            scale = tl.rsqrt(tl.sum(step * step, 1) / d + eps)
            tl.store(post_rstd + row, scale, mask=live)
            step *= scale[:, None] * tl.load(post + column, mask=column < d, other=0.0)[None, :]
        value += step
        tl.store(out + at, value, mask=inside)
    scale = tl.rsqrt(tl.sum(value * value, 1) / d + eps)
    tl.store(rstd + row, scale, mask=live)
    normed = value * scale[:, None] * tl.load(weight + column, mask=column < d, other=0.0)[None, :]
    tl.store(x + at, normed.to(x.dtype.element_ty), mask=inside)


def add_norm(
    h: torch.Tensor, delta: torch.Tensor | None, post: torch.Tensor | None, weight: torch.Tensor, eps: float,
    dtype: torch.dtype,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:  # fmt: skip
    """Return `h' = h + norm_post(delta)`, `norm_weight(h')`, and the two norms' reciprocal deviations `[t]`.

    Args:
        h: `[t, d]` float32 residuals.
        delta: `[t, d]` what a block adds, or None at the first norm (h' is then h).
        post: `[d]` weight of the norm on delta, or None where there is none.
        weight: `[d]` float32.
        eps: Of both norms.
        dtype: Of the normed states.
    """
    rows, d = h.shape
    out = h if delta is None else torch.empty_like(h)
    x = torch.empty(rows, d, device=h.device, dtype=dtype)
    rstd = torch.empty(rows, device=h.device, dtype=torch.float32)
    post_rstd = torch.empty_like(rstd) if post is not None else rstd
    _add_norm[(triton.cdiv(rows, _ROWS),)](
        h, h if delta is None else delta, weight if post is None else post, weight, out, x, rstd, post_rstd, rows, eps,
        d, delta is not None, post is not None, triton.next_power_of_2(d), _ROWS, num_warps=4 if d <= 1024 else 16,
    )  # fmt: skip
    return out, x, rstd, post_rstd


@triton.jit
def _norm_backward(
    dx, h, rstd, weight, dh, delta, post_rstd, post, ddelta, rows, d: tl.constexpr, adds: tl.constexpr,
    posts: tl.constexpr, columns: tl.constexpr, block: tl.constexpr,
):  # fmt: skip
    row = tl.program_id(0) * block + tl.arange(0, block)
    column = tl.arange(0, columns)
    live = row < rows
    inside = live[:, None] & (column < d)[None, :]
    at = row[:, None].to(tl.int64) * d + column[None, :]
    scale = tl.load(rstd + row, mask=live, other=0.0)[:, None]
    value = tl.load(h + at, mask=inside, other=0.0).to(tl.float32) * scale
    pull = tl.load(dx + at, mask=inside, other=0.0).to(tl.float32)
    pull *= tl.load(weight + column, mask=column < d, other=0.0)[None, :]
    pull = scale * (pull - value * (tl.sum(value * pull, 1) / d)[:, None])
    if adds:
        pull += tl.load(dh + at, mask=inside, other=0.0).to(tl.float32)
    tl.store(dh + at, pull.to(dh.dtype.element_ty), mask=inside)
    if posts:
        scale = tl.load(post_rstd + row, mask=live, other=0.0)[:, None]
        value = tl.load(delta + at, mask=inside, other=0.0).to(tl.float32) * scale
        pull *= tl.load(post + column, mask=column < d, other=0.0)[None, :]
        pull = scale * (pull - value * (tl.sum(value * pull, 1) / d)[:, None])
        tl.store(ddelta + at, pull.to(ddelta.dtype.element_ty), mask=inside)


def norm_backward(
    dx: torch.Tensor, h: torch.Tensor, rstd: torch.Tensor, weight: torch.Tensor, dh: torch.Tensor | None,
    delta: torch.Tensor | None, post_rstd: torch.Tensor, post: torch.Tensor | None,
) -> tuple[torch.Tensor, torch.Tensor]:  # fmt: skip
    """Return the gradients of h' (added into `dh` in place, where there is one) and of delta.

    Where delta has no norm of its own its gradient is that of h' itself.

    Args:
        dx: `[t, d]` gradient of the normed states; its dtype is the gradients'.
        h: `[t, d]` float32, the h' of `add_norm`.
        rstd: `[t]`.
        weight: `[d]` float32.
        dh: `[t, d]` gradient that reached h' past the norm, or None.
        delta: `[t, d]` what was added, where it had a norm; else None.
        post_rstd: `[t]` of that norm.
        post: `[d]` its weight, or None.
    """
    rows, d = h.shape
    posts = delta is not None and post is not None
    out = torch.empty_like(dx) if dh is None else dh
    ddelta = torch.empty_like(dx) if posts else out
    _norm_backward[(triton.cdiv(rows, _ROWS),)](
        dx, h, rstd, weight, out, delta if posts else h, post_rstd, post if posts else weight, ddelta, rows,
        d, dh is not None, posts, triton.next_power_of_2(d), _ROWS, num_warps=4 if d <= 1024 else 16,
    )  # fmt: skip
    return out, ddelta
