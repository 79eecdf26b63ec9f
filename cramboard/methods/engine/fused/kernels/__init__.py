"""The fused decoder's Triton kernels, one idea a file; each launcher's docstring says what its plain twin computes.

Imported only where there is a CUDA device (or Triton's interpreter): CPU machines need no Triton. Every kernel is
generic in its tensors' dtypes, computes in float32 and rounds once, at its store.
"""

from cramboard.methods.engine.fused.kernels.attention import attend, attend_backward
from cramboard.methods.engine.fused.kernels.embed import embed
from cramboard.methods.engine.fused.kernels.gated import gate, gate_backward
from cramboard.methods.engine.fused.kernels.loss import sharpened_loss
from cramboard.methods.engine.fused.kernels.norm import add_norm, norm_backward
from cramboard.methods.engine.fused.kernels.rotary import head_norm_backward, rotate

__all__ = [
    "add_norm",
    "attend",
    "attend_backward",
    "embed",
    "gate",
    "gate_backward",
    "head_norm_backward",
    "norm_backward",
    "rotate",
    "sharpened_loss",
]
