"""The pass through the fused network, over packed rows: what CUDA devices use for the decoders that it knows."""

import contextlib
from collections.abc import Iterator
from types import ModuleType

import torch

from cramboard.methods.engine.fused.network import FusedNetwork
from cramboard.methods.engine.fused.packing import Frame, pack, row_lengths
from cramboard.methods.engine.fused.weights import Weights

# Rooms grow by an eighth: few graphs to record, little idle room.
_SMALLEST, _STEP, _GROWTH = 1024, 256, 1.125
# Part of the free memory that kept activations may take; the rest is for products in flight and for logits.
_SHARE = 0.7


class FusedPass:
    """Packed rows through `FusedNetwork`; the room is in positions."""

    def __init__(
        self, weights: Weights, frame: Frame, dtype: torch.dtype, pull_dtype: torch.dtype, ops: ModuleType,
        given: int = 0,
    ) -> None:  # fmt: skip
        self._network = FusedNetwork(weights, dtype, pull_dtype, ops)
        self._weights = weights
        self._frame, self._given = frame, given

    def need(self, targets: torch.Tensor) -> torch.Tensor:
        """Return the positions that the rows take together."""
        return row_lengths(targets, self._frame).sum()

    def room(self, need: int) -> int:
        """Return the next of a few sizes, with a little space for targets that grow before they are looked at again."""
        room = _SMALLEST
        while room < need * 1.02:
            room = -(-int(room * _GROWTH) // _STEP) * _STEP
        return room

    def rows(self, n: int) -> int:
        """Return what fits beside the weights that are there already."""
        device = self._weights.embeddings.device
        if device.type != "cuda":
            return 2**31
        layer, shape, d = self._weights.layers[0], self._weights.shape, self._weights.embeddings.shape[1]
        wide = layer.gate_up.forward.shape[0] + layer.qkv.forward.shape[0] + shape.queries * shape.head
        a_layer = 8 * d + 2 * wide + (0 if layer.head_norms is None else 4 * d + 2 * layer.qkv.forward.shape[0])
        free = torch.cuda.mem_get_info(device)[0]
        return max(1, int(_SHARE * free / (len(self._weights.layers) * a_layer * (n + self._frame.k))))

    def __call__(
        self, ids: torch.Tensor, vectors: torch.Tensor, targets: torch.Tensor, temperature: float, room: int
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """See `Pass`; margins and losses are `[b, n]`."""
        b, k, d = vectors.shape
        packing = pack(ids, targets, self._frame, room, self._given)
        with _full_accumulation():
            # Kernels read rows one after the other: vectors that several rows share must be written out for each.
            rows = vectors.reshape(b * k, d).contiguous()
            pulls, margins, losses = self._network.descend(packing, rows, 1 / temperature)
        gradients = torch.where(packing.live[:, None, None], pulls.view(b, k, d), 0.0)
        return gradients, margins[packing.foretold], losses[packing.foretold]


@contextlib.contextmanager
def _full_accumulation() -> Iterator[None]:
    """Add half-precision products up in float32 all the way."""
    flags = torch.backends.cuda.matmul
    before = flags.allow_fp16_reduced_precision_reduction, flags.allow_bf16_reduced_precision_reduction
    flags.allow_fp16_reduced_precision_reduction = flags.allow_bf16_reduced_precision_reduction = False
    try:
        yield
    finally:
        flags.allow_fp16_reduced_precision_reduction, flags.allow_bf16_reduced_precision_reduction = before
