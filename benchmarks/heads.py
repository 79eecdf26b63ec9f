"""Time the head beside other libraries' fused linear cross-entropies: `python -m benchmarks.heads [--output FILE]`.

The head is what stands between the last norm's output and its gradient: the product with the vocabulary, the loss, and
the product back. The weights are frozen, so no variant computes their gradient. All get the same random states, and
logits sharpened by 4 as in a search, so that softmax has tokens to concentrate on. `error` is the distance of the
gradient from a float32 one, relative to its norm, over the first 1,024 rows. Liger-kernel and cut-cross-entropy are
timed where they are installed (`pip install liger-kernel cut-cross-entropy`); they give the loss and its gradient, the
engine the margins too.
"""

import argparse
import importlib.metadata
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import torch
from torch.nn import functional

from benchmarks.shapes import SHAPES
from cramboard.methods.engine.fused.head import head_pull
from cramboard.methods.engine.fused.weights import Product
from cramboard.run.provenance import provenance

ROWS, CHECKED, TIMES = 64 * 192, 1024, 10
SHARPNESS = 4.0
LIBRARIES = ("liger-kernel", "cut-cross-entropy")


@dataclass(frozen=True)
class Row:
    """One timed head; the memory is what it takes besides states and weight."""

    decoder: str
    head: str
    milliseconds: float
    memory_gigabytes: float
    error: float


@dataclass(frozen=True)
class Problem:
    """States `[t, d]`, a weight `[|V|, d]` and the tokens to foretell `[t]`."""

    states: torch.Tensor
    weight: torch.Tensor
    ids: torch.Tensor

    @classmethod
    def of(cls, name: str) -> "Problem":
        """Draw one of a decoder's shape: float32 on the GPU."""
        shape = SHAPES[name]
        generator = torch.Generator(device="cuda").manual_seed(0)
        states = torch.randn(ROWS, shape.d, generator=generator, device="cuda")
        weight = torch.randn(shape.vocabulary, shape.d, generator=generator, device="cuda") / shape.d**0.5
        ids = torch.randint(0, shape.vocabulary, (ROWS,), generator=generator, device="cuda")
        return cls(states, weight, ids)

    def reference(self) -> torch.Tensor:
        """Return the first rows' gradient in float32, by torch alone."""
        parts = []
        for rows in torch.split(torch.arange(CHECKED, device="cuda"), 256):
            states = self.states[rows].requires_grad_()
            loss = functional.cross_entropy(SHARPNESS * states @ self.weight.t(), self.ids[rows], reduction="sum")
            parts.append(torch.autograd.grad(loss, states)[0])
        return torch.cat(parts)


def engine(problem: Problem) -> Callable[[], torch.Tensor]:
    """Return the engine's own head, as the fused pass runs it."""
    from cramboard.methods.engine.fused import kernels

    head = Product(problem.weight.half(), problem.weight.bfloat16())
    states, weights = problem.states.half(), torch.ones(ROWS, device="cuda")
    return lambda: head_pull(head, states, problem.ids, weights, SHARPNESS, torch.bfloat16, kernels)[2]


def by_autograd(loss: Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]) -> "Head":
    """Return a head whose gradient autograd makes of `loss(states, weight, ids)`, in bfloat16."""

    def head(problem: Problem) -> Callable[[], torch.Tensor]:
        # A power of two: the sharpened weight is rounded as the plain one is.
        weight = (SHARPNESS * problem.weight).bfloat16()
        states = problem.states.bfloat16().requires_grad_()
        return lambda: torch.autograd.grad(loss(states, weight, problem.ids), states)[0]

    return head


def whole_logits(states: torch.Tensor, weight: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """Return torch's own loss over all logits at once."""
    return functional.cross_entropy(states @ weight.t(), ids, reduction="sum")


def liger(states: torch.Tensor, weight: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """Return Liger-kernel's fused loss."""
    from liger_kernel.transformers import LigerFusedLinearCrossEntropyLoss

    loss: torch.Tensor = LigerFusedLinearCrossEntropyLoss(reduction="sum")(weight, states, ids)
    return loss


def cut(states: torch.Tensor, weight: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """Return cut-cross-entropy's loss, which leaves small gradients out."""
    from cut_cross_entropy import linear_cross_entropy

    return linear_cross_entropy(states, weight, ids, reduction="sum")


def cut_exact(states: torch.Tensor, weight: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """Return cut-cross-entropy's loss with every gradient."""
    from cut_cross_entropy import linear_cross_entropy

    return linear_cross_entropy(states, weight, ids, reduction="sum", filter_eps=None)


Head = Callable[[Problem], Callable[[], torch.Tensor]]
HEADS: dict[str, Head] = {
    "engine": engine,
    "torch, all logits at once": by_autograd(whole_logits),
    "liger-kernel": by_autograd(liger),
    "cut-cross-entropy": by_autograd(cut),
    "cut-cross-entropy, no filter": by_autograd(cut_exact),
}


def main() -> int:
    """Time every head that there is; print the table and write the result file where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.heads", description="The head beside other libraries'.")
    parser.add_argument("--output", type=Path, help="write the result file here")
    asked = parser.parse_args()
    if not torch.cuda.is_available():
        print("heads: no CUDA device here, and every head is a GPU's", file=sys.stderr)
        return 4
    versions = {name: version for name in LIBRARIES if (version := _version(name)) is not None}
    rows = []
    for name in ("SmolLM2-135M", "Gemma-3-270M"):
        problem = Problem.of(name)
        expected = problem.reference()
        for label, head in HEADS.items():
            if any(label.startswith(library) and library not in versions for library in LIBRARIES):
                continue
            try:
                rows.append(_measure(name, label, head(problem), expected))
                print(rows[-1], file=sys.stderr, flush=True)
            # A library may not know this machine's Triton; the others are timed all the same.
            except Exception as error:
                print(f"heads: {label} failed: {' '.join(str(error).split())[:200]}", file=sys.stderr, flush=True)
            torch.cuda.empty_cache()
    if asked.output is not None:
        result = {
            "command": "python -m benchmarks.heads",
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "rows_of_states": ROWS,
            "libraries": versions,
            "rows": [asdict(row) for row in rows],
            "provenance": provenance(torch.device("cuda"), torch.float16, "sdpa").model_dump(mode="json"),
        }
        asked.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print("| decoder's shape | head | ms | memory, GB | error |\n| --- | --- | --- | --- | --- |")
    for row in rows:
        print(f"| {row.decoder} | {row.head} | {row.milliseconds:.2f} | {row.memory_gigabytes:.2f} | {row.error:.1e} |")
    return 0


def _measure(name: str, label: str, run: Callable[[], torch.Tensor], expected: torch.Tensor) -> Row:
    found = run()[:CHECKED].float()
    error = float((found - expected).norm() / expected.norm())
    run()
    torch.cuda.synchronize()
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    started = time.perf_counter()
    for _ in range(TIMES):
        run()
    torch.cuda.synchronize()
    seconds = (time.perf_counter() - started) / TIMES
    return Row(name, label, 1e3 * seconds, (torch.cuda.max_memory_allocated() - before) / 1e9, error)


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


if __name__ == "__main__":
    sys.exit(main())
