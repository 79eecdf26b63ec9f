"""Choose the pass for a decoder, a device and a precision."""

import importlib.util

import torch

from cramboard.decoders import Decoder
from cramboard.methods.engine.fused.weights import known, weights_of
from cramboard.methods.engine.passes.interface import Pass
from cramboard.methods.engine.passes.reference import ReferencePass


def choose_pass(decoder: Decoder, dtype: torch.dtype, k: int, n: int) -> Pass:
    """Return the fused pass where there is a CUDA device, a decoder it knows and a half precision; else transformers'.

    The fused pass reads the plain layout: a suffix behind the vectors, for which a constant control is fitted now and
    then, is left to transformers.

    Args:
        decoder: The frozen decoder.
        dtype: What a search computes in.
        k: Vectors a row.
        n: Most tokens that a row may hold.
    """
    network = decoder.network(torch.float32)
    fast = decoder.device.type == "cuda" and dtype in (torch.float16, torch.bfloat16) and not decoder.suffix
    if not (fast and known(network.config) and importlib.util.find_spec("triton")):
        return ReferencePass(decoder, dtype)
    from cramboard.methods.engine.fused import kernels
    from cramboard.methods.engine.passes.fused import FusedPass

    weights = weights_of(network, k + n, dtype, torch.bfloat16)
    return FusedPass(weights, k, decoder.anchor, dtype, torch.bfloat16, kernels)
