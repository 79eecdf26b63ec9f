"""Choose the pass for a decoder, a device and a precision."""

import importlib.util

import torch

from cramboard.decoders import Decoder
from cramboard.methods.engine.fused.weights import known, weights_of
from cramboard.methods.engine.passes.interface import Pass
from cramboard.methods.engine.passes.reference import ReferencePass


def choose_pass(decoder: Decoder, dtype: torch.dtype, k: int, n: int, given: int = 0) -> Pass:
    """Return the fused pass where there is a CUDA device, a decoder it knows and a half precision; else transformers'.

    Both read every layout.

    Args:
        decoder: The frozen decoder.
        dtype: What a search computes in.
        k: Vectors a row.
        n: Most tokens that a row may hold.
        given: Leading tokens of every row that are read and never scored.
    """
    network = decoder.network(torch.float32)
    fast = decoder.device.type == "cuda" and dtype in (torch.float16, torch.bfloat16)
    if not (fast and known(network.config) and importlib.util.find_spec("triton")):
        return ReferencePass(decoder, dtype, given)
    from cramboard.methods.engine.fused import kernels
    from cramboard.methods.engine.fused.packing import Frame
    from cramboard.methods.engine.passes.fused import FusedPass

    frame = Frame.of(decoder, k)
    weights = weights_of(network, frame.before + n, dtype, torch.bfloat16)
    return FusedPass(weights, frame, dtype, torch.bfloat16, kernels, given)
