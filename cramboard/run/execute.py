"""Execute one work unit: make its vectors, certify them, verify the certificate. The same on every executor."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch

from cramboard.certificate import CertificateFiles, Claim, issue
from cramboard.decoders import Decoder
from cramboard.errors import InputError, UsageError
from cramboard.keys import sha256_ids
from cramboard.methods import Assignment, ChosenMethod, Request
from cramboard.reading import read, tokens_of
from cramboard.run.observer import Observer
from cramboard.run.units import Unit
from cramboard.schema import SampleRecord, UnitCost
from cramboard.tasks import Sample, Task
from cramboard.verify import verify


@dataclass(frozen=True)
class Context:
    """What every unit of a run shares.

    `spans` are the tokens that the method is given of each sample, by its id. `fixed_units` says that a person chose
    the units' size: an executor then cuts none anew to share the work out, only those that fail.
    """

    task: Task
    decoder: Decoder
    method: ChosenMethod
    k: int
    seed: int
    span: int | None
    dtype: torch.dtype
    control: torch.Tensor
    spans: Mapping[str, int]
    fixed_units: bool


@dataclass(frozen=True)
class UnitResult:
    """A finished unit."""

    unit: Unit
    files: CertificateFiles
    records: tuple[SampleRecord, ...]
    cost: UnitCost


@dataclass(frozen=True)
class UnitFailure:
    """A unit that could not be finished, and why."""

    unit: Unit
    reason: str
    out_of_memory: bool = False


def assign(sample: Sample, decoder: Decoder, method: ChosenMethod, k: int, asked: int | None = None) -> Assignment:
    """Return what the method is given of a sample: its leading tokens and their text, if it is a text.

    Args:
        sample: What is to be held.
        decoder: Whose tokens are counted.
        method: Says how many tokens it wants, where `asked` does not.
        k: Vectors a sample.
        asked: The span that the evaluator asks for; a sample that is shorter is refused.

    Raises:
        InputError: If sample or context do not reach the span.
    """
    tokens = tokens_of(sample, decoder)
    available = min(len(tokens.ids), decoder.room(k))
    if available < (asked or 1):
        raise InputError(
            f"sample {sample.id}: {asked or 1} tokens are asked for, it has {len(tokens.ids)} and "
            f"k = {k} leaves room for {max(0, decoder.room(k))}; ask for a smaller --span or k"
        )
    span = asked or method.span(available, k)
    if span < 1:
        raise UsageError(f"method {method.name}: its settings ask for no token; give a span of at least 1")
    text = None if sample.text is None or tokens.ends is None else sample.text[: tokens.ends[span - 1]]
    return Assignment(sample.id, tokens.ids[:span], text)


def others_of(task: Task, decoder: Decoder, method: ChosenMethod, k: int) -> Callable[[int], Sequence[Assignment]]:
    """Return a function that gives the task's first n tuning samples as assignments."""

    def others(count: int) -> Sequence[Assignment]:
        return [assign(sample, decoder, method, k) for sample in task.tuned_on.samples(split="tuning", limit=count)]

    return others


def execute(unit: Unit, context: Context, observer: Observer) -> UnitResult:
    """Make, certify and verify a unit.

    Raises:
        CramboardError: If an input is wrong.
        Exception: Whatever the method raises; the executor turns it into a failure.
    """
    decoder, method = context.decoder, context.method
    names = tuple(sample.id for sample in unit.samples)
    _take_peak(decoder.device)
    started = time.monotonic()
    assignments = tuple(assign(sample, decoder, method, context.k, context.span) for sample in unit.samples)
    made = method.make(
        Request(
            assignments=assignments,
            decoder=decoder,
            k=context.k,
            seed=context.seed,
            dtype=context.dtype,
            others=others_of(context.task, decoder, method, context.k),
            report=lambda step, steps, horizons: observer.progress(names, step, steps, horizons),
        )
    )
    encoded, made_bytes = time.monotonic(), _take_peak(decoder.device)
    for sample, vectors in zip(unit.samples, made.vectors, strict=True):
        shape = [context.k, decoder.d]
        if list(vectors.shape) != shape:
            raise ValueError(
                f"method {method.name} made vectors {list(vectors.shape)} for sample {sample.id}, not {shape}"
            )
        stored = vectors.to(getattr(torch, method.dtype))
        if not bool(torch.isfinite(stored).all()):
            raise ValueError(
                f"method {method.name} made vectors with a NaN or an infinity for sample {sample.id} "
                f"(in {method.dtype})"
            )
    files = issue(
        (
            (Claim(sample.id, sample.sha256, sha256_ids(assignment.ids), len(assignment.ids)), vectors)
            for sample, assignment, vectors in zip(unit.samples, assignments, made.vectors, strict=True)
        ),
        task=context.task.ref,
        decoder=decoder.ref,
        method=method.ref,
        k=context.k,
        seed=context.seed,
        dtype=method.dtype,
    )
    lengths = context.task.spec.lengths
    readings = [read(context.task, sample, decoder) for sample in unit.samples]
    records = verify(files, readings, decoder, context.control, lengths, observer.verified)
    cost = UnitCost(
        samples=names,
        search_dtype=str(context.dtype).removeprefix("torch."),
        attention=decoder.attention,
        threads=torch.get_num_threads(),
        encode_seconds=round(encoded - started if made.seconds is None else made.seconds, 3),
        start_seconds=round(made.start_seconds, 3),
        verify_seconds=round(time.monotonic() - encoded, 3),
        device=device_name(decoder.device),
        peak_memory_bytes=max(made_bytes, _take_peak(decoder.device)),
        # run.json is published, and a horizon or a claim of one sealed sample is not.
        curve=() if context.task.is_sealed else made.curve,
        claims=() if context.task.is_sealed else made.claims,
    )
    return UnitResult(unit, files, records, cost)


def _take_peak(device: torch.device) -> int:
    """Return the most bytes that were allocated on a GPU since the last call; 0 on a CPU.

    Taken between making and verifying too: verifying sizes a step that it records by the peak, which must be its own.
    """
    if device.type != "cuda":
        return 0
    peak = torch.cuda.max_memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    return peak


def device_name(device: torch.device) -> str:
    """Return what a person calls the device."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
