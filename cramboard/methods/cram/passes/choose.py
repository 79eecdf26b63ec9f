"""Choose the pass for a decoder, a device and a precision."""

import importlib.util

import torch

from cramboard.decoders import Decoder
from cramboard.methods.cram.fused.weights import known, weights_of
from cramboard.methods.cram.passes.interface import Pass
from cramboard.methods.cram.passes.reference import ReferencePass


def choose_pass(decoder: Decoder, dtype: torch.dtype, k: int, n: int) -> Pass:
    """Return the fused pass where there is a CUDA device, a decoder it knows and a half precision; else transformers'.

    Args:
        decoder: The frozen decoder.
        dtype: What a search computes in.
        k: Vectors a row.
        n: Most tokens that a row may hold.
    """
    network = decoder.network(torch.float32)
    fast = decoder.device.type == "cuda" and dtype in (torch.float16, torch.bfloat16)
    if not (fast and known(network.config) and importlib.util.find_spec("triton")):
        return ReferencePass(decoder, dtype)
    from cramboard.methods.cram.fused import kernels
    from cramboard.methods.cram.passes.fused import FusedPass

    weights = weights_of(network, k + n, dtype, torch.bfloat16)
    return FusedPass(weights, k, decoder.anchor, dtype, torch.bfloat16, kernels)
