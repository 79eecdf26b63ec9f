"""The pass through transformers' own network and autograd: what CPUs use, and what every other pass is held to."""

import contextlib

import torch

from cramboard.decoders import Decoder, float32_products
from cramboard.methods.engine.objective import mean_weights, sharpened_loss

# Logits that exist at once.
_LOGITS = 2**27
# Text positions are read in whole buckets: fewer shapes to record on a GPU.
_BUCKET = {"cpu": 8, "cuda": 32}


class ReferencePass:
    """Rows side by side, read as far as the longest target.

    What lies behind a target changes nothing before it (causal mask). The logits are never held whole: the head runs
    a chunk of positions at a time, each chunk's gradient goes back to its hidden states at once, and only theirs goes
    on through the decoder.

    It computes in the vectors' own dtype, save for bfloat16, which is autocast. Where float16 is asked for, float32
    products of a GPU run in TF32: float16's precision without its narrow range.
    """

    def __init__(self, decoder: Decoder, dtype: torch.dtype, given: int = 0) -> None:
        self._decoder = decoder
        self._given = given
        self._dtype = dtype
        self._bucket = _BUCKET.get(decoder.device.type, 32)
        self._chunk = max(1, _LOGITS // decoder.vocabulary)

    def need(self, targets: torch.Tensor) -> torch.Tensor:
        """Return the longest target."""
        return targets.amax()

    def room(self, need: int) -> int:
        """Return whole buckets of tokens."""
        return -(-max(1, need) // self._bucket) * self._bucket

    def rows(self, n: int) -> int:
        """Return no bound: what autograd will keep is not known beforehand, and running out halves the rows."""
        return 2**31

    def __call__(
        self, ids: torch.Tensor, vectors: torch.Tensor, targets: torch.Tensor, temperature: float, room: int
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """See `Pass`; margins and losses are `[b, min(n, room)]`."""
        ids = ids[:, :room]
        weights = mean_weights(targets, ids.shape[1], vectors, self._given)
        vectors = vectors.detach().requires_grad_(True)
        with torch.enable_grad(), self._precision(ids.device):
            states = self._decoder.states(ids, vectors, vectors.dtype)
            pulls: list[torch.Tensor] = []
            found: list[torch.Tensor] = []
            losses: list[torch.Tensor] = []
            for part, part_ids, part_weights in zip(
                torch.split(states.detach().flatten(0, 1), self._chunk),
                torch.split(ids.flatten(), self._chunk),
                torch.split(weights.flatten(), self._chunk),
                strict=True,
            ):
                part.requires_grad_(True)
                logits = self._decoder.logits(part)
                pull, margins, loss = sharpened_loss(
                    logits.detach().to(vectors.dtype), part_ids, part_weights, 1 / temperature
                )
                pulls += torch.autograd.grad(logits, part, pull.to(logits.dtype))
                found.append(margins)
                losses.append(loss)
            (gradients,) = torch.autograd.grad(states, vectors, torch.cat(pulls).view_as(states))
        return gradients, torch.cat(found).view_as(ids), torch.cat(losses).view_as(ids)

    def _precision(self, device: torch.device) -> contextlib.AbstractContextManager[None]:
        if self._dtype == torch.bfloat16:
            return torch.autocast(device.type, torch.bfloat16)
        return float32_products("high" if self._dtype == torch.float16 else "highest")
