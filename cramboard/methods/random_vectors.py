"""`random-vectors`: random directions, as long as the decoder's token embeddings are. A control: they know nothing.

What they score is what any vector of that size scores that was made without looking at a text.
"""

from dataclasses import dataclass

import torch

from cramboard.decoders import Decoder
from cramboard.methods.engine.parameters import stream
from cramboard.methods.interface import Assignment, Made, MethodKind, Request, at_least, span_a_vector

# Embeddings whose norms are taken at once.
_CHUNK = 4096


@dataclass(frozen=True)
class RandomVectorsSettings:
    """Settings of the draw.

    Attributes:
        span: Leading tokens that k vectors are measured on; nothing is looked at.
    """

    span: int = 384

    def __post_init__(self) -> None:
        at_least(self, 1, "span")


PRESETS = {"standard": RandomVectorsSettings()}


def mean_embedding_norm(decoder: Decoder) -> float:
    """Return the mean Euclidean norm of the decoder's token embeddings, over its whole vocabulary."""
    ids = torch.arange(decoder.vocabulary, device=decoder.device)
    norms = [decoder.embeddings(part, torch.float32).norm(dim=-1).double().sum() for part in torch.split(ids, _CHUNK)]
    return float(torch.stack(norms).sum()) / decoder.vocabulary


def _draw(assignment: Assignment, k: int, d: int, seed: int, norm: float) -> torch.Tensor:
    """Return `[k, d]` float32 vectors of norm `norm`, drawn from the sample's own stream."""
    generator = stream("random-vectors", assignment.sample, seed)
    directions = torch.nn.functional.normalize(torch.randn(k, d, generator=generator), dim=-1)
    return directions * norm


def _make(settings: RandomVectorsSettings, request: Request) -> Made:
    norm = mean_embedding_norm(request.decoder)
    return Made(
        tuple(_draw(assignment, request.k, request.decoder.d, request.seed, norm) for assignment in request.assignments)
    )


METHOD = MethodKind(presets=PRESETS, span=span_a_vector, make=_make)
