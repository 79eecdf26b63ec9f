"""The decoder's forward and backward pass by hand, over packed rows.

The weights are frozen, so the only gradient that is carried is that of the residual stream, down to the vectors: the
backward pass costs what the forward pass costs. The forward pass keeps its residuals in float32 and rounds its
products' inputs to float16: what it counts as right then stands in float32. The backward pass computes in bfloat16,
whose range needs no gradient scale: gradients of a mean over many tokens are tiny, those of a vector still near zero
are huge.
"""

from dataclasses import dataclass
from types import ModuleType

import torch

from cramboard.methods.engine.fused.head import head_pull
from cramboard.methods.engine.fused.packing import Packing
from cramboard.methods.engine.fused.weights import Layer, Weights


@dataclass
class _Kept:
    """What a layer's backward pass needs of its forward pass; all are `[t, ..]`.

    `attention` and `mlp` are what the blocks added, where that has a norm of its own; `before_rstd` is that norm's
    for the addition before this layer.
    """

    h: torch.Tensor
    rstd: torch.Tensor
    qkv: torch.Tensor
    qk: torch.Tensor
    head_rstd: torch.Tensor
    out: torch.Tensor
    lse: torch.Tensor
    attention: torch.Tensor | None
    attention_rstd: torch.Tensor
    middle: torch.Tensor
    middle_rstd: torch.Tensor
    gate_up: torch.Tensor
    mlp: torch.Tensor | None
    before_rstd: torch.Tensor


class FusedNetwork:
    """Forward and backward through a frozen decoder; `ops` are its kernels (their plain twins in tests)."""

    def __init__(self, weights: Weights, dtype: torch.dtype, pull_dtype: torch.dtype, ops: ModuleType) -> None:
        self._weights = weights
        self._dtype = dtype
        self._pull_dtype = pull_dtype
        self._ops = ops

    def descend(
        self, packing: Packing, vectors: torch.Tensor, sharpness: float
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the gradient `[b k, d]` of the rows' weighted losses to the vectors, the margins and losses `[t]`.

        Args:
            packing: The rows.
            vectors: `[b k, d]`, all rows' vectors.
            sharpness: The loss is the cross-entropy of the logits times this.
        """
        ops, weights = self._ops, self._weights
        shape = weights.shape
        h = ops.embed(packing.sources, weights.embeddings, vectors, shape.embedding_scale)
        kept: list[_Kept] = []
        delta, post = None, None
        for layer in weights.layers:
            h, delta, post = self._forward(layer, packing, h, delta, post, kept)
        h, x, rstd, last_rstd = ops.add_norm(h, delta, post, weights.norm, shape.eps, self._dtype)
        margins, losses, dx = head_pull(weights.head, x, packing.ids, packing.weights, sharpness, self._pull_dtype, ops)
        dh, ddelta = ops.norm_backward(
            dx, h, rstd, weights.norm, None, delta if post is not None else None, last_rstd, post
        )
        for index in reversed(range(len(kept))):
            before = (weights.layers[index - 1].mlp_post, kept[index - 1].mlp) if index else (None, None)
            dh, ddelta = self._backward(weights.layers[index], packing, kept.pop(), dh, ddelta, *before)
        return dh.index_select(0, packing.vectors).to(vectors.dtype), margins, losses

    def _forward(
        self, layer: Layer, packing: Packing, h: torch.Tensor, delta: torch.Tensor | None, post: torch.Tensor | None,
        kept: list[_Kept],
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:  # fmt: skip
        """Run one layer; `delta` is what the layer before adds to `h`, and `post` that addition's own norm."""
        ops, shape = self._ops, self._weights.shape
        h, x, rstd, before_rstd = ops.add_norm(h, delta, post, layer.attention_norm, shape.eps, self._dtype)
        qkv = x @ layer.qkv.forward.t()
        heads = shape.queries + shape.keys
        qk, head_rstd = ops.rotate(
            qkv, packing.positions, layer.cos, layer.sin, heads, shape.queries, layer.head_norms, shape.eps
        )
        out, lse = ops.attend(
            qk, qkv[:, heads * shape.head :], packing, shape.queries, shape.keys, shape.scale, layer.window
        )
        attention = out @ layer.output.forward.t()
        middle, x, middle_rstd, attention_rstd = ops.add_norm(
            h, attention, layer.attention_post, layer.mlp_norm, shape.eps, self._dtype
        )
        gate_up = x @ layer.gate_up.forward.t()
        mlp = ops.gate(gate_up, shape.gelu) @ layer.down.forward.t()
        kept.append(
            _Kept(
                h=h,
                rstd=rstd,
                qkv=qkv,
                qk=qk,
                head_rstd=head_rstd,
                out=out,
                lse=lse,
                attention=None if layer.attention_post is None else attention,
                attention_rstd=attention_rstd,
                middle=middle,
                middle_rstd=middle_rstd,
                gate_up=gate_up,
                mlp=None if layer.mlp_post is None else mlp,
                before_rstd=before_rstd,
            )
        )
        return middle, mlp, layer.mlp_post

    def _backward(
        self, layer: Layer, packing: Packing, kept: _Kept, dh: torch.Tensor, ddelta: torch.Tensor,
        post: torch.Tensor | None, delta: torch.Tensor | None,
    ) -> tuple[torch.Tensor, torch.Tensor]:  # fmt: skip
        """Go back through one layer; `post` and `delta` are of the addition before it, where that has a norm."""
        ops, shape = self._ops, self._weights.shape
        dgate_up = ops.gate_backward(kept.gate_up, ddelta @ layer.down.backward, shape.gelu)
        dh, ddelta = ops.norm_backward(
            dgate_up @ layer.gate_up.backward, kept.middle, kept.middle_rstd, layer.mlp_norm, dh,
            kept.attention, kept.attention_rstd, layer.attention_post,
        )  # fmt: skip
        heads = shape.queries + shape.keys
        dqkv = ops.attend_backward(
            kept.qk, kept.qkv[:, heads * shape.head :], packing, shape.queries, shape.keys, shape.scale, layer.window,
            layer.cos, layer.sin, kept.out, kept.lse, ddelta @ layer.output.backward,
        )  # fmt: skip
        if layer.head_norms is not None:
            ops.head_norm_backward(dqkv, kept.qkv, kept.head_rstd, layer.head_norms, shape.queries)
        result: tuple[torch.Tensor, torch.Tensor] = ops.norm_backward(
            dqkv @ layer.qkv.backward, kept.h, kept.rstd, layer.attention_norm, dh,
            delta, kept.before_rstd, post,
        )  # fmt: skip
        return result
