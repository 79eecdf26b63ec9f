"""Gated linear units: SwiGLU (Llama) and GeGLU with the tanh form (Gemma)."""

import torch
import triton
import triton.language as tl

_BLOCK = 2048


@triton.jit
def _tanh(x):
    return 2 * tl.sigmoid(2 * x) - 1


@triton.jit
def _gate(gate_up, out, numbers, f: tl.constexpr, gelu: tl.constexpr, block: tl.constexpr):
    index = tl.program_id(0).to(tl.int64) * block + tl.arange(0, block)
    inside = index < numbers
    at = gate_up + index // f * (2 * f) + index % f
    g = tl.load(at, mask=inside, other=0.0).to(tl.float32)
    u = tl.load(at + f, mask=inside, other=0.0).to(tl.float32)
    if gelu:
        act = 0.5 * g * (1 + _tanh(0.7978845608028654 * (g + 0.044715 * g * g * g)))
    else:
        act = g * tl.sigmoid(g)
    tl.store(out + index, (act * u).to(out.dtype.element_ty), mask=inside)


@triton.jit
def _gate_backward(gate_up, dout, out, numbers, f: tl.constexpr, gelu: tl.constexpr, block: tl.constexpr):
    index = tl.program_id(0).to(tl.int64) * block + tl.arange(0, block)
    inside = index < numbers
    offset = index // f * (2 * f) + index % f
    g = tl.load(gate_up + offset, mask=inside, other=0.0).to(tl.float32)
    u = tl.load(gate_up + offset + f, mask=inside, other=0.0).to(tl.float32)
    pull = tl.load(dout + index, mask=inside, other=0.0).to(tl.float32)
    if gelu:
        t = _tanh(0.7978845608028654 * (g + 0.044715 * g * g * g))
        act = 0.5 * g * (1 + t)
        slope = 0.5 * (1 + t) + 0.5 * g * (1 - t * t) * 0.7978845608028654 * (1 + 0.134145 * g * g)
    else:
        s = tl.sigmoid(g)
        act = g * s
        slope = s * (1 + g * (1 - s))
    tl.store(out + offset, (pull * u * slope).to(out.dtype.element_ty), mask=inside)
    tl.store(out + offset + f, (pull * act).to(out.dtype.element_ty), mask=inside)


def gate(gate_up: torch.Tensor, gelu: bool) -> torch.Tensor:
    """Return `act(gate) * up`, `[t, f]`, from `[t, 2 f]`; act is SiLU, or GELU in its tanh form."""
    rows, f = gate_up.shape[0], gate_up.shape[1] // 2
    out = torch.empty(rows, f, device=gate_up.device, dtype=gate_up.dtype)
    _gate[(triton.cdiv(rows * f, _BLOCK),)](gate_up, out, rows * f, f, gelu, _BLOCK, num_warps=8)
    return out


def gate_backward(gate_up: torch.Tensor, dout: torch.Tensor, gelu: bool) -> torch.Tensor:
    """Return the gradient `[t, 2 f]` of `gate_up` in `dout`'s dtype; it takes `gate_up`'s memory."""
    rows, f = dout.shape
    out = gate_up.view(dout.dtype)
    _gate_backward[(triton.cdiv(rows * f, _BLOCK),)](gate_up, dout, out, rows * f, f, gelu, _BLOCK, num_warps=8)
    return out
