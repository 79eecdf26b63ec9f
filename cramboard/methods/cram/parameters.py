"""The overparametrisation `z W + b` of a sample's vectors (Tarasov et al. 2026's low-dimensional variant)."""

import hashlib

import torch


class LowRank:
    """Vectors `[b, k, d]` written as `z W + b` with z `[b, k, r]`, W `[b, r, d]`, b `[b, k, d]`, trained per sample.

    Only their values are ever stored; the form changes the path that Adam takes, and it goes much farther.
    """

    def __init__(self, samples: list[str], k: int, rank: int, d: int, spread: float, seed: int, like: torch.Tensor):
        drawn = [_draw(sample, k, rank, d, seed) for sample in samples]
        z = torch.stack([pair[0] for pair in drawn]) * 0.1
        w = torch.stack([pair[1] for pair in drawn]) * (spread / rank**0.5)
        self.tensors = [
            part.to(device=like.device, dtype=like.dtype).requires_grad_(True)
            for part in (z, w, torch.zeros(len(samples), k, d))
        ]

    def vectors(self) -> torch.Tensor:
        """Return the vectors `[b, k, d]`."""
        z, w, b = self.tensors
        return z @ w + b


def _draw(sample: str, k: int, rank: int, d: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw one sample's start from its own stream, so that it does not depend on what is beside it."""
    digest = hashlib.sha256(f"cram {seed} {sample}".encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)
    return torch.randn(k, rank, generator=generator), torch.randn(rank, d, generator=generator)
