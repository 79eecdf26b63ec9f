"""How a protocol writes a sample's vectors: as themselves, or as `e = W z + b`; and where they start."""

from collections.abc import Callable
from typing import Protocol

import torch

from cramboard.methods.engine.parameters import LowRank, stream

# Draws a tensor of a shape from a sample's stream, float32 on the CPU.
Draw = Callable[[tuple[int, ...], torch.Generator], torch.Tensor]


class Form(Protocol):
    """Rows of parameters and the vectors that they stand for."""

    @property
    def tensors(self) -> tuple[torch.Tensor, ...]:
        """The parameters, `[b, ..]` each; they stay where they are."""

    def begin(self, row: int, sample: str, seed: int) -> None:
        """Put `row` at its sample's start."""

    def vectors(self) -> torch.Tensor:
        """Return the vectors `[b, k, d]` in memory of their own: the parameters move in place."""

    def pull_back(self, gradients: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the gradients of the parameters from those of the vectors `[b, k, d]`."""


class Direct:
    """The vectors themselves, `[b, k, d]`."""

    def __init__(self, rows: int, k: int, d: int, like: torch.Tensor, draw: Draw, name: str) -> None:
        self.tensors = (like.new_zeros(rows, k, d),)
        self._draw, self._name = draw, name

    def begin(self, row: int, sample: str, seed: int) -> None:
        """Put `row` at its sample's start, drawn from the sample's own stream."""
        (vectors,) = self.tensors
        vectors[row] = self._draw(tuple(vectors.shape[1:]), stream(self._name, sample, seed))

    def vectors(self) -> torch.Tensor:
        """Return the vectors `[b, k, d]`."""
        return self.tensors[0].clone()

    def pull_back(self, gradients: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the gradients as they are."""
        return (gradients,)


class Projected(LowRank):
    """`z W + b` per sample; z is drawn as the protocol draws vectors, W and b as torch's `Linear` draws its own."""

    def __init__(self, rows: int, k: int, rank: int, d: int, like: torch.Tensor, draw: Draw, name: str) -> None:
        super().__init__(rows, k, rank, d, 0.0, like)
        self._draw, self._name = draw, name

    def begin(self, row: int, sample: str, seed: int) -> None:
        """Put `row` at its sample's start, drawn from the sample's own stream: z, then W, then b."""
        z, w, b = self.tensors
        generator = stream(self._name, sample, seed)
        z[row] = self._draw(tuple(z.shape[1:]), generator)
        bound = w.shape[1] ** -0.5
        for part in (w, b):
            part[row] = (2 * torch.rand(part.shape[1:], generator=generator) - 1) * bound
