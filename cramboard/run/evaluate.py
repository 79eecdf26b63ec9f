"""The main job: cram a task's samples into vectors, certify and verify them, and keep everything."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from cramboard.decoders import Decoder
from cramboard.errors import InputError
from cramboard.files import locked, sha256_file
from cramboard.results import summarise
from cramboard.run.control import control_vectors, read_control, write_control
from cramboard.run.execute import Context, UnitFailure, assign
from cramboard.run.executors import INLINE, Executor
from cramboard.run.folder import CONTROL, SUMMARY, Finished
from cramboard.run.observer import Observer
from cramboard.run.plan import Plan, other_run, same_run
from cramboard.run.provenance import provenance
from cramboard.run.record import cover, run_record
from cramboard.run.renew import outdated, renew
from cramboard.run.units import Unit
from cramboard.run.untold import reason_told, refusal_told
from cramboard.schema import Failure, Provenance, RunRecord, SampleRecord, Summary
from cramboard.tasks import Task
from cramboard.verify import VERIFIER_VERSION


@dataclass(frozen=True)
class Outcome:
    """A run that has come to its end; `failures` says which samples have no result.

    `span` is the one that was asked for or that the method asks for.
    """

    folder: Path
    span: int
    summary: Summary
    records: tuple[SampleRecord, ...]

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The samples without a result."""
        return self.summary.failures


def evaluate(plan: Plan, observer: Observer, decoder: Decoder | None = None, executor: Executor = INLINE) -> Outcome:
    """Do what is planned and not finished yet; write the run folder.

    Args:
        plan: What to do.
        observer: Told of progress.
        decoder: The plan's decoder, if it is loaded already.
        executor: What executes the units; the one that it was planned with.

    Raises:
        CramboardError: In one line; what is finished is kept.
    """
    with locked(plan.folder.path):
        plan.folder.tidy()
        standing = _stand(plan)
        observer.planned(len(plan.samples), len(standing.finished & {sample.id for sample in plan.samples}))
        for path in standing.to_mend.torn:
            observer.notice(f"{path}: its last line is torn and counts as absent; finished vectors are kept")
        run, failures = standing.run, _earlier_failures(plan, standing.finished)
        if run is None or standing.units or outdated(standing.to_mend):
            run = _work(plan, standing, observer, failures, executor, decoder)
        return _close(plan, run, failures)


@dataclass(frozen=True)
class _Standing:
    """How far a run folder is when a command comes to it.

    Attributes:
        run: Its run.json; None if there is none, or if all is to be made anew.
        finished: The ids of the finished samples.
        to_mend: What was disturbed, or measured by an older verifier; nothing else is read whole before there is need.
        units: What is still to be done.
    """

    run: RunRecord | None
    finished: Set[str]
    to_mend: Finished
    units: list[Unit]


def _stand(plan: Plan) -> _Standing:
    anew = plan.asked.overwrite == "always"
    untouched = frozenset() if anew else plan.folder.untouched_samples()
    to_mend = plan.folder.finished() if untouched is None else Finished((), (), (), ())
    finished = to_mend.samples if untouched is None else untouched
    return _Standing(None if anew else same_run(plan), finished, to_mend, plan.units(finished))


def _earlier_failures(plan: Plan, finished: Set[str]) -> list[Failure]:
    """Return the failures of before that this command does not try again."""
    folder, asked = plan.folder, {sample.id for sample in plan.samples}
    if plan.asked.overwrite == "always" or not (folder.path / SUMMARY).exists():
        return []
    settled = asked | finished
    return [failure for failure in folder.summary().failures if failure.sample not in settled]


def _work(
    plan: Plan, standing: _Standing, observer: Observer, failures: list[Failure], executor: Executor,
    decoder: Decoder | None,
) -> RunRecord:  # fmt: skip
    """Load the decoder, execute the units and store each as it ends; return run.json's record."""
    context = _context(plan, standing, observer, executor, decoder or load(plan, observer, executor))
    # Measuring again makes nothing: run.json goes on saying where and with what the vectors were made.
    run = standing.run
    if run is None or standing.units:
        facts = executor.call(partial(_facts, dtype=context.dtype), context.decoder, observer)
        run = run_record(plan, context, standing.run, standing.finished, facts)
    plan.folder.write_run(run)
    renew(plan.folder, standing.to_mend, context, observer, executor)
    with refusal_told(plan.task, plan.method.name):
        for result in executor.run(standing.units, context, observer):
            if isinstance(result, UnitFailure):
                reason = reason_told(plan.task, result)
                for sample in result.unit.samples:
                    failures.append(Failure(sample=sample.id, reason=reason))
                    observer.failed(sample.id, reason)
            else:
                plan.folder.store_unit(result)
                observer.kept(len(result.unit.samples))
    return run


def _close(plan: Plan, run: RunRecord, failures: Sequence[Failure]) -> Outcome:
    """Pack what is finished and write the summary, last."""
    finished = plan.folder.finished()
    run = run.model_copy(update=cover(plan, finished.samples, failures))
    files = plan.folder.pack(finished, run)
    summary = summarise(
        run, finished.records, failures, VERIFIER_VERSION, files.certificate.sha256 if files else "0" * 64
    )
    plan.folder.write_summary(summary)
    return Outcome(plan.folder.path, plan.span, summary, finished.records)


def load(plan: Plan, observer: Observer, executor: Executor, loaded: Decoder | None = None) -> Decoder:
    """Return the plan's decoder, in the layout that its method declares; `loaded` is it in any layout."""
    if loaded is None:
        observer.stage(f"loading decoder {plan.place.name}")
        loaded = executor.load(plan.place, plan.device, plan.asked.attention)
    return loaded.in_layout(plan.method.layout, plan.method.read_behind(loaded.bos))


def _context(plan: Plan, standing: _Standing, observer: Observer, executor: Executor, decoder: Decoder) -> Context:
    """Collect what every unit shares; only when all of it is known to be right is an older run removed."""
    asked, before = plan.asked, standing.run
    if before is not None and before.decoder != decoder.ref:
        raise other_run(plan, "decoder")
    spans = {
        sample.id: len(assign(sample, decoder, plan.method, asked.k, asked.span).ids)
        for unit in standing.units
        for sample in unit.samples
    }
    if asked.overwrite == "always":
        plan.folder.clear()
    dtype = _dtype(asked.dtype, plan.device)
    path = plan.folder.path / CONTROL
    if not path.exists():
        fit = partial(_fit, task=plan.task, ranked=plan.place.ranked, k=asked.k, dtype=dtype)
        write_control(path, executor.call(fit, decoder, observer))
    if before is not None and sha256_file(path) != before.control_sha256:
        raise InputError(
            f"{path}: not the control that run.json names; restore the file, or give --overwrite always to start anew"
        )
    control = read_control(path, asked.k, decoder.d)
    torch.manual_seed(asked.seed)
    return Context(
        plan.task, decoder, plan.method, asked.k, asked.seed, asked.span, dtype, control, spans,
        fixed_units=asked.batch_size != "auto",
    )  # fmt: skip


# What an executor calls may travel: it is given what it needs and no plan.
def _fit(decoder: Decoder, observer: Observer, *, task: Task, ranked: bool, k: int, dtype: torch.dtype) -> torch.Tensor:
    return control_vectors(task, decoder, ranked, k, dtype, observer)


def _facts(decoder: Decoder, observer: Observer, *, dtype: torch.dtype) -> Provenance:
    return provenance(decoder.device, dtype, decoder.attention)


def _dtype(dtype: str, device: str) -> torch.dtype:
    """Return what the search computes in.

    On a GPU float16 is as fast as bfloat16 and keeps eight times the precision: what it finds stands in float32.
    """
    if dtype == "auto":
        return torch.float16 if device.startswith("cuda") else torch.float32
    return {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[dtype]
