"""The overparametrisation `z W + b` of a sample's vectors (Tarasov et al. 2026's low-dimensional variant)."""

import hashlib

import torch


def stream(what: str, sample: str, seed: int) -> torch.Generator:
    """Return a sample's own random stream on the CPU: neither its neighbours nor the device matter."""
    digest = hashlib.sha256(f"{what} {seed} {sample}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


class LowRank:
    """Vectors `[b, k, d]` written as `z W + b` with z `[b, k, r]`, W `[b, r, d]`, b `[b, k, d]`, trained per sample.

    Only their values are ever stored; the form changes the path that Adam takes, and it goes much farther.
    """

    def __init__(self, rows: int, k: int, rank: int, d: int, spread: float, like: torch.Tensor) -> None:
        self._spread = spread
        self.tensors = (like.new_zeros(rows, k, rank), like.new_zeros(rows, rank, d), like.new_zeros(rows, k, d))

    def begin(self, row: int, sample: str, seed: int) -> None:
        """Put `row` at its sample's start, drawn from the sample's own stream: its neighbours do not matter."""
        z, w, b = self.tensors
        generator = stream("cram", sample, seed)
        z[row] = torch.randn(z.shape[1:], generator=generator) * 0.1
        w[row] = torch.randn(w.shape[1:], generator=generator) * (self._spread / w.shape[1] ** 0.5)
        b[row] = 0

    def vectors(self) -> torch.Tensor:
        """Return the vectors `[b, k, d]`."""
        z, w, b = self.tensors
        return z @ w + b

    def pull_back(self, gradients: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the gradients of z, W and b from those of the vectors `[b, k, d]`."""
        z, w, _ = self.tensors
        return gradients @ w.mT, z.mT @ gradients, gradients
