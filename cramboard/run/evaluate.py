"""The main job: cram a task's samples into vectors, certify and verify them, and keep everything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cramboard.decoders import DecoderPlace, find_decoder, load_decoder
from cramboard.decoders.load import check_device
from cramboard.errors import InputError, UsageError
from cramboard.files import locked
from cramboard.methods import ChosenMethod, choose_method
from cramboard.run.folder import CONTROL, Finished, RunFolder
from cramboard.run.observer import Observer
from cramboard.run.plan import Unit, plan_units
from cramboard.schema import DecoderRef, Failure, RunRecord, SampleRecord, Split, Summary
from cramboard.tasks import Sample, Task, load_task

if TYPE_CHECKING:
    import torch

    from cramboard.run.execute import Context

# Texts that share a step on a CPU: more of them fill its cores no better and finish later.
_CPU_BATCH = 4
_GPU_BATCH = 64

Overwrite = Literal["never", "missing", "always"]


@dataclass(frozen=True)
class Asked:
    """What a person asked for, as typed; `plan` checks it."""

    task: str
    decoder: str
    method: str
    revision: str | None = None
    preset: str | None = None
    settings: tuple[tuple[str, str], ...] = ()
    k: int = 1
    span: int | None = None
    seed: int = 0
    split: Split = "public"
    limit: int | None = None
    sample_ids: tuple[str, ...] = ()
    device: str = "auto"
    dtype: str = "auto"
    batch_size: str = "auto"
    attention: str = "sdpa"
    output_dir: Path | None = None
    overwrite: Overwrite = "missing"

    def words(self) -> list[str]:
        """Return the command's words, without those that say where it runs or writes."""
        words = ["evaluate", "-t", self.task, "-d", self.decoder, "-m", self.method, "-k", str(self.k)]
        for flag, value in (
            ("--revision", self.revision),
            ("--preset", self.preset),
            *(("--set", f"{name}={value}") for name, value in self.settings),
            ("--span", self.span),
            ("--seed", self.seed or None),
            ("--split", self.split if self.split != "public" else None),
            ("--limit", self.limit),
            *(("--sample-id", name) for name in self.sample_ids),
        ):
            if value is not None:
                words += [flag, str(value)]
        return words


@dataclass(frozen=True)
class Plan:
    """A checked run: what it computes, where it writes, and what is there already."""

    asked: Asked
    task: Task
    samples: tuple[Sample, ...]
    place: DecoderPlace
    method: ChosenMethod
    folder: RunFolder
    device: str
    batch_size: int

    def units(self, finished: frozenset[str]) -> list[Unit]:
        """Return the units that are still to be done."""
        return plan_units(self.samples, finished, self.batch_size)


@dataclass(frozen=True)
class Outcome:
    """A run that has come to its end; `failures` says which samples have no result."""

    folder: Path
    summary: Summary
    records: tuple[SampleRecord, ...]

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The samples without a result."""
        return self.summary.failures


def plan(asked: Asked) -> Plan:
    """Check what was asked for, before anything is loaded or written.

    Raises:
        UsageError, InputError, MachineError: In one line each.
    """
    if asked.k < 1:
        raise UsageError(f"-k {asked.k}: at least one vector is needed; give -k 1 or more")
    if asked.span is not None and asked.span < 1:
        raise UsageError(f"--span {asked.span}: at least one token is needed")
    if not 0 <= asked.seed < 2**63:
        raise UsageError(f"--seed {asked.seed}: give a whole number from 0 to 2^63 - 1")
    task = load_task(asked.task)
    method = choose_method(asked.method, asked.preset, dict(asked.settings))
    place = find_decoder(asked.decoder, asked.revision)
    if place.spec is not None and place.spec.context - asked.k < 1:
        raise InputError(
            f"-k {asked.k}: decoder {place.name} reads {place.spec.context} positions, so at most "
            f"{place.spec.context - 1} vectors leave room for a token"
        )
    samples = task.samples(asked.split, asked.sample_ids or None, asked.limit)
    device = _device(asked.device)
    folder = RunFolder(asked.output_dir or _default_folder(asked, place, method))
    folder.check_free()
    if folder.holds_run() and asked.overwrite == "never":
        raise UsageError(f"{folder.path}: holds a run already; leave out --overwrite never to go on with it")
    planned = Plan(asked, task, tuple(samples), place, method, folder, device, _batch_size(asked.batch_size, device))
    if asked.overwrite != "always":
        _check_same_run(planned)
    return planned


def evaluate(plan: Plan, observer: Observer) -> Outcome:
    """Do what is planned and not finished yet; write the run folder.

    Raises:
        CramboardError: In one line; what is finished is kept.
    """
    with locked(plan.folder.path):
        anew = plan.asked.overwrite == "always"
        finished = Finished((), (), ()) if anew else plan.folder.finished()
        before = None if anew else _check_same_run(plan)
        units = plan.units(finished.samples)
        observer.planned(len(plan.samples), len(finished.samples & {sample.id for sample in plan.samples}))
        failures: list[Failure] = []
        if units or before is None:
            before = _work(plan, units, before, finished, observer, failures)
        return _close(plan, before, failures)


def _work(
    plan: Plan, units: Sequence[Unit], before: RunRecord | None, finished: Finished, observer: Observer,
    failures: list[Failure],
) -> RunRecord:  # fmt: skip
    """Load the decoder, execute the units and store each as it ends; return run.json's record."""
    from cramboard.run.execute import UnitFailure
    from cramboard.run.executor import InlineExecutor

    observer.stage(f"loading decoder {plan.place.name}")
    context = _context(plan, before, observer)
    run = _record(plan, context, before, finished)
    plan.folder.write_run(run)
    for result in InlineExecutor().run(units, context, observer):
        if isinstance(result, UnitFailure):
            for sample in result.unit.samples:
                failures.append(Failure(sample=sample.id, reason=result.reason))
                observer.failed(sample.id, result.reason)
        else:
            plan.folder.store_unit(result)
    return run


def _close(plan: Plan, run: RunRecord, failures: Sequence[Failure]) -> Outcome:
    """Pack what is finished and write the summary, last."""
    from cramboard.results import summarise
    from cramboard.verify import VERIFIER_VERSION

    finished = plan.folder.finished()
    run = run.model_copy(update=_cover(plan, finished))
    files = plan.folder.pack(finished, run)
    summary = summarise(
        run, finished.records, failures, VERIFIER_VERSION, files.certificate.sha256 if files else "0" * 64
    )
    plan.folder.write_summary(summary)
    return Outcome(plan.folder.path, summary, finished.records)


def _context(plan: Plan, before: RunRecord | None, observer: Observer) -> "Context":
    """Load what every unit shares; only when all of it is known to be right is an older run removed."""
    import torch

    from cramboard.files import sha256_file
    from cramboard.run.control import control_vectors, read_control, write_control
    from cramboard.run.execute import Context, assign

    asked = plan.asked
    decoder = load_decoder(plan.place, plan.device, asked.attention)
    if before is not None and before.decoder != decoder.ref:
        raise _other_run(plan, "decoder")
    for sample in plan.samples:
        assign(sample, decoder, plan.method, asked.k, asked.span)
    if asked.overwrite == "always":
        plan.folder.clear()
    dtype = _dtype(asked.dtype, plan.device)
    path = plan.folder.path / CONTROL
    if path.exists():
        control = read_control(path, asked.k, decoder.d)
    else:
        control = control_vectors(plan.task, decoder, plan.place.ranked, asked.k, dtype, observer)
        write_control(path, control)
    if before is not None and sha256_file(path) != before.control_sha256:
        raise InputError(
            f"{path}: not the control that run.json names; restore the file, or give --overwrite always to start anew"
        )
    torch.manual_seed(asked.seed)
    return Context(plan.task, decoder, plan.method, asked.k, asked.seed, asked.span, dtype, control)


def _record(plan: Plan, context: "Context", before: RunRecord | None, finished: Finished) -> RunRecord:
    from cramboard.files import sha256_file
    from cramboard.run.provenance import command_line, provenance

    asked = plan.asked
    return RunRecord(
        task=plan.task.ref,
        split=asked.split,
        **_cover(plan, finished),
        decoder=context.decoder.ref,
        ranked=plan.place.ranked,
        method=plan.method.ref,
        preset=plan.method.preset,
        k=asked.k,
        seed=asked.seed,
        span=asked.span,
        control_sha256=sha256_file(plan.folder.path / CONTROL),
        command=command_line(asked.words()),
        started=before.started if before else datetime.now(UTC).isoformat(timespec="seconds"),
        batch_size=plan.batch_size,
        provenance=provenance(context.decoder.device, context.dtype, context.decoder.attention),
        units=before.units if before else (),
    )


def _cover(plan: Plan, finished: Finished) -> dict[str, Any]:
    """Return the samples that the run covers, in the task's order, and what that subset is called.

    A run folder only grows: what is finished stays in it, asked for this time or not.
    """
    kept = finished.samples | {sample.id for sample in plan.samples}
    whole = [line.id for line in plan.task.select(plan.asked.split)]
    covered = [sample for sample in whole if sample in kept]
    name = plan.task.spec.name
    if covered == whole:
        subset = name
    elif covered == whole[: len(covered)]:
        subset = f"{name}@{len(covered)}"
    else:
        subset = f"{name} ({len(covered)} chosen)"
    return {"samples": tuple(covered), "subset": subset}


def _check_same_run(plan: Plan) -> RunRecord | None:
    """Return the folder's run if it is the one that is asked for, None if there is none.

    Raises:
        InputError: If the folder holds another run; the line says what differs.
    """
    if not plan.folder.holds_run():
        return None
    run = plan.folder.run()
    spec = plan.place.spec
    tensors = spec.tensors_sha256 if spec is not None else run.decoder.tensors_sha256
    asked = plan.asked
    decoder = DecoderRef(
        name=plan.place.name, tensors_sha256=tensors, anchor=spec.anchor if spec else run.decoder.anchor
    )
    for what, here, wanted in (
        ("task", run.task, plan.task.ref),
        ("split", run.split, asked.split),
        ("decoder", run.decoder, decoder),
        ("method", run.method.name, plan.method.name),
        ("preset or setting", run.method.settings, plan.method.ref.settings),
        ("k", run.k, asked.k),
        ("seed", run.seed, asked.seed),
        ("span", run.span, asked.span),
    ):
        if here != wanted:
            raise _other_run(plan, what)
    return run


def _other_run(plan: Plan, what: str) -> InputError:
    return InputError(
        f"{plan.folder.path}: holds a run with another {what}; choose another --output-dir, "
        "or give --overwrite always to replace it"
    )


def _default_folder(asked: Asked, place: DecoderPlace, method: ChosenMethod) -> Path:
    from cramboard.keys import key

    settings = method.preset or key(method.ref.settings)[:8]
    task = asked.task if asked.split == "public" else f"{asked.task}-{asked.split}"
    k = f"k{asked.k}" + (f"-span{asked.span}" if asked.span else "") + (f"-seed{asked.seed}" if asked.seed else "")
    return Path("runs") / task / place.name.replace("/", "--") / f"{method.name}-{settings}" / k


def _device(device: str) -> str:
    if device != "auto":
        check_device(device)
        return device
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _dtype(dtype: str, device: str) -> "torch.dtype":
    """Return what the search computes in.

    On a GPU float16 is as fast as bfloat16 and keeps eight times the precision: what it finds stands in float32.
    """
    import torch

    if dtype == "auto":
        return torch.float16 if device.startswith("cuda") else torch.float32
    return {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[dtype]


def _batch_size(batch_size: str, device: str) -> int:
    if batch_size == "auto":
        return _GPU_BATCH if device.startswith("cuda") else _CPU_BATCH
    if not batch_size.isdecimal() or int(batch_size) < 1:
        raise UsageError(f"--batch-size {batch_size}: give auto or a whole number from 1")
    return int(batch_size)
