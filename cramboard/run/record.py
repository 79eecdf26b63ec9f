"""What run.json says of a run: its identity, what it covers, and with what it was made."""

from collections.abc import Sequence, Set
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cramboard.files import sha256_file
from cramboard.run.execute import Context
from cramboard.run.folder import CONTROL
from cramboard.run.plan import Plan
from cramboard.run.provenance import command_line
from cramboard.schema import Failure, Provenance, RunRecord


def run_record(
    plan: Plan, context: Context, before: RunRecord | None, finished: Set[str], facts: Provenance
) -> RunRecord:
    """Return the record of the run that `plan` says; `facts` are of where its units are executed."""
    asked, local = plan.asked, plan.place.name
    return RunRecord(
        task=plan.task.ref,
        split=asked.split,
        **cover(plan, finished),
        decoder=context.decoder.ref,
        ranked=plan.ranked,
        method=plan.method.ref,
        preset=plan.method.preset,
        k=asked.k,
        seed=asked.seed,
        span=asked.span,
        control_sha256=sha256_file(plan.folder.path / CONTROL),
        isolation=plan.method.isolation,
        command=command_line(asked.words(local if isinstance(plan.place.source, Path) else asked.decoder)),
        started=before.started if before else datetime.now(UTC).isoformat(timespec="seconds"),
        batch_size=plan.batch_size,
        provenance=facts,
        units=before.units if before else (),
    )


def cover(plan: Plan, finished: Set[str], failures: Sequence[Failure] = ()) -> dict[str, Any]:
    """Return the samples that the run covers, in the task's order, and what that subset is called.

    A run folder only grows: what is finished or has failed stays in it, asked for this time or not.
    """
    kept = finished | {sample.id for sample in plan.samples} | {failure.sample for failure in failures}
    covered = [line.id for line in plan.task.select(plan.asked.split) if line.id in kept]
    return {"samples": tuple(covered), "subset": plan.task.subset_name(plan.asked.split, covered)}
