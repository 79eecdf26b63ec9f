"""Made-up runs for the benchmarks of what is around the computing: samples, their finished units, a plan of them."""

from pathlib import Path

import torch

from cramboard.certificate import Claim, issue
from cramboard.decoders import DecoderPlace
from cramboard.keys import sha256_text
from cramboard.methods import choose_method
from cramboard.run import Asked, Plan, RunFolder
from cramboard.run.execute import UnitResult
from cramboard.run.units import Unit
from cramboard.schema import DecoderRef, ManifestLine
from cramboard.tasks import Sample, Task, load_task
from tests import records

WIDTH = 576


def made_up_plan(folder: Path, count: int, text: str) -> Plan:
    """Return a plan of `count` samples with `text`, one a unit, in `folder`."""
    lines = tuple(
        ManifestLine(
            id=f"sample-{number:05d}",
            split="public",
            origin="made up",
            start=0,
            characters=len(text),
            author=f"author {number % 100}",
            date="2026",
            sha256=sha256_text(text),
        )
        for number in range(count)
    )
    spec = load_task("speeches").spec
    samples = tuple(
        Sample(line.id, text, line.sha256, line.author, line.date, line.origin, line.split, spec.licence)
        for line in lines
    )
    return Plan(
        asked=Asked(task=spec.name, decoder="tiny-decoder", method="cram", preset="quick", batch_size="1"),
        task=Task(spec, "0" * 64, lines),
        samples=samples,
        place=DecoderPlace("tiny-decoder", folder),
        method=choose_method("cram", "quick"),
        folder=RunFolder(folder),
        device="cpu",
        batch_size=1,
    )


def made_up_result(unit: Unit, plan: Plan) -> UnitResult:
    """Return a result of `unit` of the size of a real one."""
    claims = [(Claim(sample.id, sample.sha256, "2" * 64, span=64), torch.rand(1, WIDTH)) for sample in unit.samples]
    files = issue(
        claims,
        task=plan.task.ref,
        decoder=DecoderRef(name=plan.place.name, tensors_sha256="d" * 64, anchor=0),
        method=plan.method.ref,
        k=1,
        seed=0,
    )
    lines = [records.record(entry.sample, certificate_key=entry.key) for entry in files.certificate.entries]
    return UnitResult(unit, files, tuple(lines), records.cost([sample.id for sample in unit.samples]))
