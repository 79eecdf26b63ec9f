"""The loops that the engine is held against, written anew from their descriptions.

Each takes a decoder, token ids `[b, n]` and a number of steps, and returns the seconds that the steps took.
"""

import math
import time

import torch

from cramboard.decoders import Decoder


def _now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def published_loop(decoder: Decoder, ids: torch.Tensor, steps: int) -> float:
    """Optimise one text after the other as Kuratov et al. (2025) describe it.

    AdamW on the plain vector (rate 0.01, betas 0.9 and 0.9, decay 0.01), no schedule; after every step the accuracy
    is read on the host, to stop at 1. bfloat16 autocast on a GPU. Their layout: the vector, then the text.
    """
    device = ids.device
    network = decoder.network(torch.float32)
    embed = network.get_input_embeddings()
    started = _now(device)
    for text in ids:
        vector = (torch.randn(1, 1, decoder.d, device=device) * embed.weight.std()).requires_grad_(True)
        adam = torch.optim.AdamW([vector], lr=0.01, betas=(0.9, 0.9), weight_decay=0.01)
        best = 0.0
        for _ in range(steps):
            with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
                logits = network(inputs_embeds=torch.cat([vector, embed(text[None, :-1])], 1)).logits[0]
                loss = torch.nn.functional.cross_entropy(logits, text)
            loss.backward()
            adam.step()
            adam.zero_grad()
            best = max(best, float((logits.argmax(-1) == text).float().mean()))
            if best == 1.0:
                break
    return _now(device) - started


def prototype_loop(decoder: Decoder, ids: torch.Tensor, steps: int, compiled: bool) -> float:
    """Optimise a batch of texts padded to one length through transformers, with the logits whole.

    `z W + b` (rank 64), Adam with a warm-up and a cosine, targets that grow by 8 tokens. On a GPU in bfloat16, as a
    CUDA graph, its body compiled by torch.compile where asked.
    """
    device, (b, n) = ids.device, ids.shape
    cuda = device.type == "cuda"
    dtype = torch.bfloat16 if cuda else torch.float32
    network = decoder.network(dtype)
    body = torch.compile(network.get_decoder(), dynamic=False) if compiled else network.get_decoder()
    embed, head = network.get_input_embeddings(), network.get_output_embeddings()
    read = embed(torch.cat([torch.full((b, 2), decoder.anchor, device=device), ids[:, :-1]], 1))
    at = torch.arange(n, device=device)
    z = torch.randn(b, 1, 64, device=device) * 0.1
    w = torch.randn(b, 64, decoder.d, device=device) * (decoder.spread() / 8)
    parameters = [part.requires_grad_(True) for part in (z, w, torch.zeros(b, 1, decoder.d, device=device))]
    moments = [[torch.zeros_like(part) for part in parameters] for _ in range(2)]
    taken, rate = torch.zeros((), device=device), torch.zeros((), device=device)
    target, horizon = torch.full((b,), 8, device=device), torch.zeros(b, dtype=torch.long, device=device)
    best = torch.zeros(b, 1, decoder.d, device=device)

    def step() -> None:
        vectors = parameters[0] @ parameters[1] + parameters[2]
        inputs = torch.cat([read[:, :1], vectors.to(dtype), read[:, 2:]], 1)
        logits = head(body(inputs_embeds=inputs, use_cache=False).last_hidden_state[:, 1:])
        with torch.no_grad():
            right = torch.where(logits.argmax(-1) == ids, n, at).amin(1)
            best.copy_(torch.where((right > horizon)[:, None, None], vectors, best))
            horizon.copy_(torch.maximum(horizon, right))
            weights = (at < target[:, None]).float() / target[:, None]
            target.copy_(torch.where(right >= target, (right + 8).clamp(max=n), target))
        losses = torch.nn.functional.cross_entropy(logits.float().flatten(0, 1), ids.flatten(), reduction="none")
        gradients = torch.autograd.grad((losses.view(b, n) * weights).sum(), parameters)
        with torch.no_grad():
            taken.add_(1)
            for part, gradient, first, second in zip(parameters, gradients, *moments, strict=True):
                first.lerp_(gradient, 0.1)
                second.lerp_(gradient * gradient, 0.1)
                ascent = (first / (1 - 0.9**taken)) / ((second / (1 - 0.9**taken)).sqrt() + 1e-8)
                part.mul_(1 - 0.01 * rate).sub_(rate * ascent)

    if cuda:
        step = _recorded(step)
    started = _now(device)
    for index in range(steps):
        rate.fill_(0.3 * min(1, (index + 1) / 50) * (0.02 + 0.49 * (1 + math.cos(math.pi * index / steps))))
        step()
    return _now(device) - started


def _recorded(step):  # type: ignore[no-untyped-def]
    """Return `step` as a replayed CUDA graph."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(2):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay
