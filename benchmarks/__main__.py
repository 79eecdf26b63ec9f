"""Time every loop in one run and print a table; see docs/engine.md for how to read it.

python -m benchmarks [--device cuda|cpu] [--output FILE]

A target token is a token of a text that a step pushes on: samples x length x steps. All lengths are fixed from the
first step on, so that every loop is timed in its steady state. On a GPU the share is that of the rate of a bfloat16
matrix product of 8,192 cubed, measured in the same run; a step is counted as 4 x parameters operations a token
(forward, and backward to the vector; attention's own are left out).
"""

import argparse
import gc
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import torch

from benchmarks.loops import prototype_loop, published_loop
from benchmarks.shapes import ANCHOR, SHAPES, random_llama, random_weights
from cramboard.decoders import Stepper
from cramboard.methods.cram.settings import CramSettings
from cramboard.methods.cram.slots import CramSlots
from cramboard.methods.engine.passes import Pass
from cramboard.methods.engine.passes.reference import ReferencePass
from cramboard.run.provenance import provenance


@dataclass(frozen=True)
class Row:
    """One timed loop."""

    decoder: str
    loop: str
    samples: int
    tokens: int
    steps: int
    milliseconds_a_step: float
    target_tokens_a_second: float
    share_of_peak: float | None


def main() -> None:
    """Run what the device can, print the table, write the result file where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Time the engine beside other loops.")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", choices=("cpu", "cuda"))
    parser.add_argument("--output", type=Path, help="write the result file here")
    asked = parser.parse_args()
    started = time.perf_counter()
    bench = Bench(asked.device)
    if asked.device == "cuda":
        on_gpu(bench)
    else:
        on_cpu(bench)
    if asked.output is not None:
        facts = provenance(torch.device(asked.device), torch.float16 if bench.peak else torch.float32, "sdpa")
        result = {
            "command": f"python -m benchmarks --device {asked.device}",
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(time.perf_counter() - started, 1),
            "peak_bf16_tflops": bench.peak and round(bench.peak, 1),
            "rows": [asdict(row) for row in bench.rows],
            "provenance": facts.model_dump(mode="json"),
        }
        asked.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(table(bench))


def on_cpu(bench: "Bench") -> None:
    """Time the loops with eight short texts: under a minute.

    In turns, and of each the median of three: what else a machine does comes and goes.
    """
    name, steps = "SmolLM2-135M", 2
    decoder = random_llama(SHAPES[name], "cpu")
    ids = bench.texts(name, 8, 32)
    for _ in range(3):
        bench.time(name, "published, one text at a time", ids, steps, lambda n: published_loop(decoder, ids, n))
        bench.time(name, "prototype", ids, steps, lambda n: prototype_loop(decoder, ids, n, compiled=False))
        bench.engine(name, ReferencePass(decoder, torch.float32), ids, steps)
    turns = [sorted(bench.rows[loop::3], key=lambda row: row.milliseconds_a_step) for loop in range(3)]
    bench.rows = [turn[1] for turn in turns]


def on_gpu(bench: "Bench") -> None:
    """Time the loops on SmolLM2's shape, and the engine on the shapes of larger decoders."""
    through_transformers(bench, "SmolLM2-135M")
    for name, samples, tokens in (
        ("SmolLM2-135M", 64, 191), ("SmolLM2-135M", 256, 63), ("SmolLM2-135M", 128, 191), ("SmolLM2-135M", 96, 255),
        ("Gemma-3-270M", 64, 191), ("Llama-3.2-1B", 64, 191), ("Llama-3.1-8B", 32, 191),
    ):  # fmt: skip
        bench.fused(name, samples, tokens)


def through_transformers(bench: "Bench", name: str) -> None:
    """Time the loops that the engine is held against on a GPU."""
    decoder = random_llama(SHAPES[name], "cuda")
    short, ids = bench.texts(name, 1, 64), bench.texts(name, 64, 192)
    bench.time(name, "published, one text at a time", short, 30, lambda n: published_loop(decoder, short, n))
    bench.time(name, "prototype, not compiled", ids, 20, lambda n: prototype_loop(decoder, ids, n, compiled=False))
    bench.time(name, "prototype", ids, 20, lambda n: prototype_loop(decoder, ids, n, compiled=True))


class Bench:
    """Times loops on one device and collects their rows."""

    def __init__(self, device: str) -> None:
        self.device = torch.device(device)
        self.peak = _peak() if device == "cuda" else None
        self.rows: list[Row] = []

    def texts(self, name: str, samples: int, tokens: int) -> torch.Tensor:
        """Return random token ids `[samples, tokens]`."""
        generator = torch.Generator().manual_seed(0)
        return torch.randint(0, SHAPES[name].vocabulary, (samples, tokens), generator=generator).to(self.device)

    def fused(self, name: str, samples: int, tokens: int) -> None:
        """Time the engine on the fused pass with random weights."""
        from cramboard.methods.engine.fused import kernels
        from cramboard.methods.engine.fused.packing import Frame
        from cramboard.methods.engine.passes.fused import FusedPass

        weights = random_weights(SHAPES[name], tokens + 1, torch.float16, torch.bfloat16)
        frame = Frame(ANCHOR, 1, torch.empty(0, dtype=torch.long, device=self.device))
        a_pass = FusedPass(weights, frame, torch.float16, torch.bfloat16, kernels)
        self.engine(name, a_pass, self.texts(name, samples, tokens), 20)

    def engine(self, name: str, a_pass: Pass, ids: torch.Tensor, steps: int) -> None:
        """Time the engine's own step, optimiser and bookkeeping in it."""
        b, n = ids.shape
        settings = CramSettings(span=n, steps=1000, patience=1000, first=n, settle=1000)
        like = torch.zeros((), device=self.device)
        slots = CramSlots(settings, a_pass, b, 1, n, SHAPES[name].d, 0.1, like)
        for row, text in enumerate(ids.tolist()):
            slots.begin(row, str(row), tuple(text), seed=0)
        need = int(slots.observe()[-1, 0])
        room = -(-need // 256) * 256 if self.peak else a_pass.room(need)
        stepper = Stepper(slots.step, self.device)

        def run(count: int) -> float:
            started = self._now()
            for _ in range(count):
                stepper(room)
            return self._now() - started

        self.time(name, "engine", ids, steps, run)

    def time(self, name: str, loop: str, ids: torch.Tensor, steps: int, run: Callable[[int], float]) -> None:
        """Warm a loop up, time it, and keep its row."""
        run(2)
        seconds = run(steps)
        b, n = ids.shape
        # One text after the other: each step is one text's.
        each = b if "one text at a time" in loop else 1
        rate = b * n * steps / seconds
        share = 4 * SHAPES[name].parameters * rate / self.peak / 1e12 if self.peak else None
        self.rows.append(Row(name, loop, b, n, steps, 1e3 * seconds / steps / each, rate, share))
        print(f"{name}, {loop}: {rate:,.0f} target tokens/s", file=sys.stderr, flush=True)
        gc.collect()
        if self.peak:
            torch.cuda.empty_cache()

    def _now(self) -> float:
        if self.peak:
            torch.cuda.synchronize()
        return time.perf_counter()


def _peak() -> float:
    """Return the rate of a bfloat16 matrix product, in TFLOP/s."""
    a, b = (torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    for _ in range(3):
        a @ b
    torch.cuda.synchronize()
    started = time.perf_counter()
    for _ in range(20):
        a @ b
    torch.cuda.synchronize()
    return 20 * 2 * 8192**3 / (time.perf_counter() - started) / 1e12


def table(bench: Bench) -> str:
    """Return the rows as a Markdown table."""
    lines = ["| decoder (random weights) | loop | samples x tokens | ms a step | target tokens/s | share of peak |"]
    lines.append("| --- | --- | --- | --- | --- | --- |")
    for row in bench.rows:
        share = "" if row.share_of_peak is None else f"{row.share_of_peak:.1%}"
        lines.append(
            f"| {row.decoder} | {row.loop} | {row.samples} x {row.tokens} | {row.milliseconds_a_step:,.1f} "
            f"| {row.target_tokens_a_second:,.0f} | {share} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
