"""A batch of texts on the device: padded token ids and lengths."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Batch:
    """Token ids `[b, n]` (padded with 0 behind each text's end) and lengths `[b]`."""

    ids: torch.Tensor
    lengths: torch.Tensor

    @classmethod
    def of(cls, texts: Sequence[Sequence[int]], device: torch.device) -> "Batch":
        """Put texts (token ids) on the device."""
        longest = max(map(len, texts))
        ids = torch.tensor([[*text, *[0] * (longest - len(text))] for text in texts], device=device)
        return cls(ids, torch.tensor([len(text) for text in texts], device=device))

    def window(self, longest_target: int, bucket: int) -> int:
        """Return how many tokens must be read to reach the longest target, rounded up to whole buckets.

        What lies behind a target changes nothing before it (causal mask), so the rounding is free of effect.
        """
        return min(self.ids.shape[1], -(-longest_target // bucket) * bucket)


def leading(ok: torch.Tensor, limits: torch.Tensor) -> torch.Tensor:
    """Return how many leading tokens of each row are ok, `[b]`, counted no further than its limit.

    Args:
        ok: `[b, n]` booleans.
        limits: `[b]`.
    """
    positions = torch.arange(ok.shape[1], device=ok.device)
    first_failure = torch.where(ok, ok.shape[1], positions).amin(1)
    return torch.minimum(first_failure, limits)
