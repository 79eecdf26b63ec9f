"""What a decoder is: the sha256 of its tensors."""

import hashlib

import torch
from torch import nn


def tensors_sha256(network: nn.Module) -> str:
    """Return the sha256 over all parameters as they are stored (tied ones once), whatever they are called.

    Each tensor is hashed as `dtype shape` and its little-endian bytes; the hash of the sorted hashes is the
    decoder's, so that a library that renames or reorders parameters does not make another decoder of it.
    """
    hashes = sorted(_tensor_sha256(parameter) for parameter in network.parameters())
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


def _tensor_sha256(tensor: torch.Tensor) -> str:
    flat = tensor.detach().cpu().contiguous().flatten()
    digest = hashlib.sha256(f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}".encode())
    digest.update(flat.view(torch.uint8).numpy().data)
    return digest.hexdigest()
