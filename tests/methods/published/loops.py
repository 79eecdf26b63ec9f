"""The protocols as anyone would write them: one sample, torch's AdamW, autograd, every rule in the open."""

from dataclasses import dataclass

import torch
from transformers import get_cosine_with_min_lr_schedule_with_warmup

from cramboard.decoders import Decoder
from cramboard.methods.engine.parameters import stream
from cramboard.methods.kuratov2025 import KuratovSettings
from cramboard.methods.tarasov2026 import TarasovSettings


@dataclass
class Found:
    """What a loop ends with."""

    vectors: torch.Tensor
    tokens: int
    steps: int
    accuracy: float
    loss: float


def sequence(decoder: Decoder, ids: tuple[int, ...]) -> torch.Tensor:
    """Return the tokens that a protocol reads behind its vectors: in the bare layout a BOS is one of them."""
    return torch.tensor([*decoder.suffix, *ids] if decoder.layout == "bare" else ids)


def measure(decoder: Decoder, vectors: torch.Tensor, ids: torch.Tensor, given: int) -> tuple[torch.Tensor, int]:
    """Return the mean loss of the scored tokens, and how many of them are right."""
    network = decoder.network(torch.float64)
    embed = network.get_input_embeddings()
    anchor = embed(torch.tensor([decoder.anchor] if decoder.layout == "anchored" else [], dtype=torch.long))
    read = torch.cat([anchor, vectors, embed(ids[:-1])])
    logits = network(inputs_embeds=read[None]).logits[0, -len(ids) :]
    scored = slice(given, None)
    loss = torch.nn.functional.cross_entropy(logits[scored], ids[scored])
    return loss, int((logits[scored].argmax(-1) == ids[scored]).sum())


def kuratov(decoder: Decoder, sample: str, ids: tuple[int, ...], k: int, settings: KuratovSettings) -> Found:
    """A fixed length, the best accuracy."""
    text, given = sequence(decoder, ids), int(settings.free_first)
    start = torch.randn(k, decoder.d, generator=stream("kuratov2025", sample, 0)) * decoder.spread()
    vectors = start.double().requires_grad_(True)
    betas = (settings.beta1, settings.beta2)
    optimiser = torch.optim.AdamW([vectors], settings.rate, betas, weight_decay=settings.decay)
    best, stale, least = 0, 0, float("inf")
    for step in range(1, settings.steps + 1):
        measured = vectors.detach().clone()
        loss, right = measure(decoder, vectors, text, given)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        least = min(least, loss.item())
        if right > best or step == 1:
            kept = vectors.detach().clone() if settings.late else measured
            accuracy, kept_loss = right / (len(text) - given), loss.item()
        best, stale = max(best, right), 0 if right > best else stale + 1
        if best == len(text) - given or stale >= settings.patience:
            break
    return Found(kept, len(text), step, accuracy, least if settings.mixed else kept_loss)


def tarasov(decoder: Decoder, sample: str, ids: tuple[int, ...], k: int, settings: TarasovSettings) -> Found:
    """A growing target, until a stage fails."""
    text, given, generator = sequence(decoder, ids), int(settings.free_first), stream("tarasov2026", sample, 0)
    z = (torch.rand(k, settings.rank or decoder.d, generator=generator) * 0.02).double()
    parameters = [z]
    if settings.rank:
        bound = settings.rank**-0.5
        for shape in ((settings.rank, decoder.d), (k, decoder.d)):
            parameters.append((bound * (2 * torch.rand(shape, generator=generator) - 1)).double())
    for parameter in parameters:
        parameter.requires_grad_(True)

    def vectors() -> torch.Tensor:
        return parameters[0] @ parameters[1] + parameters[2] if settings.rank else parameters[0]

    betas = (settings.beta1, settings.beta2)
    optimiser = torch.optim.AdamW(parameters, settings.rate, betas, weight_decay=settings.decay)
    schedule = get_cosine_with_min_lr_schedule_with_warmup(
        optimiser, settings.warmup, settings.steps, min_lr=settings.floor
    )
    target, stage, taken, found = 1 + given, 0, 0, None
    for _ in range(settings.steps):
        measured = vectors().detach().clone()
        loss, right = measure(decoder, vectors(), text[:target], given)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        stage, taken = stage + 1, taken + 1
        passed = right == target - given
        if passed or found is None:
            kept = vectors().detach().clone() if settings.late else measured
            found = Found(kept, target if passed else 0, 0, right / (target - given), loss.item())
        if stage == settings.stage_steps and not passed:
            break
        if passed and target == len(text):
            break
        if passed:
            target, stage = min(target + settings.grow, len(text)), 0
    found.steps = taken
    return found
