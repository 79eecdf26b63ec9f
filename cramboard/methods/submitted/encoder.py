"""Run a submitted encoder in a process of its own and take nothing from it but one checked file."""

import json
import os
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cramboard.errors import InputError, SubmissionError
from cramboard.keys import sha256_text
from cramboard.methods.catalog import ChosenMethod
from cramboard.methods.interface import Made, MethodKind, Request
from cramboard.methods.submitted.environment import environment
from cramboard.methods.submitted.output import OUTPUT, read_vectors, size_limit
from cramboard.methods.submitted.pinned import pinned_path
from cramboard.sandbox import Command, Ended, Handover, Limits
from cramboard.schema import EncoderCode, Isolation
from cramboard.submission import Submission

if TYPE_CHECKING:
    import torch

    from cramboard.decoders import Decoder

WORKER = Path(__file__).with_name("worker.py")
# Texts that share a process, and that are given to `encode` at once. Larger units spread the start over more texts.
_UNIT = 256
_BATCH = 16
# An encoder that is still at work after this long is stopped: far above the slowest cost class (10 s a sample).
_START_SECONDS, _SAMPLE_SECONDS = 600, 60
# Of a smaller machine three quarters: the rest is the evaluator's.
_MEMORY_BYTES = min(64 * 2**30, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 3 // 4)
_PROCESSES = 512
_DECODER_FILES = (
    "config.json",
    "tokenizer.json",
    "generation_config.json",
    "*.safetensors",
    "*.safetensors.index.json",
)


Runner = Callable[[Command], Ended]
"""Runs a command and waits: in a sandbox, or without one."""


@dataclass(frozen=True)
class EncoderSettings:
    """What identifies an encoder's vectors.

    Attributes:
        code: The content hash of its code, pinned files and requirements.
        span: The span that it declares for this k.
    """

    code: str
    span: int


def choose_encoder(submission: Submission, k: int, runner: Runner, isolation: Isolation) -> ChosenMethod:
    """Return the method of a submitted encoder for k vectors."""
    spec = submission.spec
    settings = EncoderSettings(submission.code_sha256(), submission.plan(k).tokens)
    return ChosenMethod(
        name=submission.slug,
        preset=None,
        settings=settings,
        kind=MethodKind(
            presets={}, span=lambda settings, k: settings.span, make=_maker(submission, runner), needs_text=True
        ),
        dtype=spec.dtype,
        suffix=spec.suffix,
        unit=_UNIT,
        isolation=isolation,
    )


def _maker(submission: Submission, runner: Runner) -> Callable[[EncoderSettings, Request], Made]:
    """Return what makes vectors with this submission."""

    def make(settings: EncoderSettings, request: Request) -> Made:
        # One span a batch: `execute` gives every text of a run the same, less where a text is shorter.
        span = max(len(assignment.ids) for assignment in request.assignments)
        given = [assignment.text or "" for assignment in request.assignments]
        # In an order that says nothing of the samples' own.
        order = sorted(range(len(given)), key=lambda index: sha256_text(given[index]))
        texts = [given[index] for index in order]
        vectors, start, seconds = _run(submission, runner, texts, span, request.decoder, request.k, request.seed)
        made = [vectors[order.index(index)] for index in range(len(texts))]
        return Made(tuple(made), start_seconds=start, seconds=seconds)

    return make


def _run(
    submission: Submission, runner: Runner, texts: Sequence[str], span: int, decoder: "Decoder", k: int, seed: int
) -> tuple["torch.Tensor", float, float]:
    """Encode `texts`; return `[texts, k, d]` float32, and the seconds before the process had them and from then on.

    The texts are not in reach of the process before it is ready for them, so work on them cannot pass for its start.

    Raises:
        SubmissionError: If it breaks a rule or a limit, or fails before it has a text.
        InputError: If it fails on these texts.
    """
    import torch

    code = submission.spec.encoder or EncoderCode()
    asked = {
        "file": code.file,
        "name": code.name,
        "decoder": decoder.name,
        "k": k,
        "d": decoder.d,
        "span": span,
        "batch": _BATCH,
        "device": str(decoder.device),
        "seed": seed,
        "threads": torch.get_num_threads(),
    }
    try:
        python, readable = environment(submission)
        readable |= _files(submission, code, decoder)
    except InputError as error:  # No fault of a sample.
        raise SubmissionError(str(error)) from None
    with tempfile.TemporaryDirectory(prefix="cramboard-") as folder:
        given, output, held_back = (Path(folder) / name for name in ("input", "output", "texts.json"))
        given.mkdir()
        output.mkdir()
        (given / "asked.json").write_text(json.dumps(asked), encoding="utf-8")
        held_back.write_text(json.dumps(list(texts)), encoding="utf-8")
        command = Command(
            [
                python, "-I", "-B", "-u", "/worker/worker.py", "--code", "/submission", "--decoder-folder", "/decoder",
                "--weights", "/weights", "--input", "/input", "--output", f"/output/{OUTPUT}",
            ],
            readable=readable | {"/input": given},
            output=output,
            limits=Limits(
                seconds=_START_SECONDS + _SAMPLE_SECONDS * len(texts),
                memory_bytes=_MEMORY_BYTES,
                processes=_PROCESSES,
                output_bytes=size_limit(len(texts), k, decoder.d),
            ),
            gpu=decoder.device.type == "cuda",
            handover=Handover(OUTPUT, lambda: held_back.rename(given / "texts.json")),
        )  # fmt: skip
        ended = runner(command)
        _check_end(submission, ended)
        start = ended.start_seconds or 0.0
        return read_vectors(submission.slug, output, len(texts), k, decoder.d), start, ended.seconds - start


def _last_words(log: str) -> str:
    """Return on one line what a traceback at the end of `log` says, and where in the submission; else the last line."""
    lines = [line for line in log.splitlines() if line.strip()]
    frames = [number for number, line in enumerate(lines) if line.startswith('  File "')]
    if not frames:
        return lines[-1].strip()[:300] if lines else ""
    last = frames[-1] + 1
    while last < len(lines) - 1 and lines[last].startswith("    "):  # the line of code, and marks below it
        last += 1
    own = re.findall(r'^  File ".*/submission/(.+)", line (\d+)', "\n".join(lines[: frames[-1] + 1]), re.MULTILINE)
    where = " ({} line {})".format(*own[-1]) if own else ""
    return (" ".join(line.strip() for line in lines[last:])[:300] + where)[:400]


def _files(submission: Submission, code: EncoderCode, decoder: "Decoder") -> dict[str, Path]:
    """Return all that the process may read besides its interpreter, by inside path.

    Links are followed in the evaluator's own folders alone: the decoder's and the Hub's cache.

    Raises:
        SubmissionError: If a file of the submission is a link.
    """
    files = {f"/submission/{name}": path for name, path in submission.code().items()}
    files |= {f"/submission/{pinned.file}": pinned_path(submission, pinned) for pinned in code.code}
    files |= {f"/weights/{weight.file}": pinned_path(submission, weight) for weight in code.weights}
    for pattern in _DECODER_FILES:
        files |= {f"/decoder/{path.name}": path.resolve() for path in decoder.folder.glob(pattern)}
    return files | {"/worker/worker.py": WORKER}


def _check_end(submission: Submission, ended: Ended) -> None:
    if ended.reason is not None:
        raise SubmissionError(f"submission {submission.slug}: its encoder was stopped: {ended.reason}")
    if ended.code == 0:
        return
    reason = _last_words(ended.log) or f"it ended with code {ended.code} and said nothing"
    if ended.start_seconds is not None:  # It had the texts.
        raise InputError(reason)  # of these texts; others may pass
    raise SubmissionError(f"submission {submission.slug}: its encoder does not start: {reason}")
