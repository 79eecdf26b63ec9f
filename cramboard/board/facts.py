"""The provenance of a run as labelled facts: what run.json and summary.json say, in plain words."""

from collections.abc import Sequence
from dataclasses import dataclass

from cramboard.keys import canonical_json
from cramboard.results.words import number, plain, whole
from cramboard.schema import Isolation, RunRecord, Summary, UnitCost

_ISOLATIONS: dict[Isolation, str] = {"sandbox": "the sandbox", "none": "an ordinary process, without the sandbox"}


@dataclass(frozen=True)
class Fact:
    """A label and a value; `code` for names, hashes and settings that are read letter by letter."""

    label: str
    value: str
    code: bool = False


@dataclass(frozen=True)
class Group:
    """Facts under one heading."""

    title: str
    facts: tuple[Fact, ...]


def provenance(run: RunRecord, summary: Summary) -> list[Group]:
    """Return everything that says what was run, with what, and where."""
    made = run.provenance
    settings = [Fact(plain(name), _setting(value), True) for name, value in sorted(run.method.settings.items())]
    packages = [Fact(plain(name), plain(version), True) for name, version in sorted(made.packages.items())]
    return [
        _group(
            "Task",
            Fact("Task", f"{run.task.name} {run.task.version}"),
            Fact("Samples", f"{whole(len(run.samples))} ({run.subset}, {run.split} split)"),
            Fact("Manifest sha256", run.task.manifest_sha256, True),
        ),
        _group(
            "Decoder",
            Fact("Decoder", run.decoder.name),
            Fact("Tensors sha256", run.decoder.tensors_sha256, True),
            Fact("Layout", f"{run.decoder.layout}{_anchor(run)}{_suffix(run)}"),
            Fact("Ranked", "yes" if run.ranked else "no"),
        ),
        _group(
            "Method",
            Fact("Method", run.method.name),
            Fact("Preset", run.preset or "none"),
            Fact("Vectors (k)", whole(run.k)),
            Fact("Seed", str(run.seed)),
            Fact("Span asked for", "up to the method" if run.span is None else f"{whole(run.span)} tokens"),
            Fact("Batch size", whole(run.batch_size)),
        ),
        Group("Method settings", tuple(settings)),
        _group(
            "Certificate",
            Fact("Certificate sha256", summary.certificate_sha256, True),
            Fact("Verifier version", str(summary.verifier_version)),
            Fact("Constant control's sha256", run.control_sha256, True),
        ),
        _group(
            "Machine",
            Fact("Started", run.started),
            Fact("Device", made.device),
            Fact("Driver", made.driver or "none"),
            Fact("Processor", made.processor),
            Fact("Threads", whole(made.threads)),
            Fact("Platform", made.platform),
            Fact("Search dtype", made.search_dtype),
            Fact("Attention", made.attention),
            *((Fact("Encoder ran in", _ISOLATIONS[run.isolation]),) if run.isolation else ()),
        ),
        _group(
            "Software",
            Fact("cramboard", made.cramboard),
            Fact("Commit", made.commit or "unknown (installed from a package)", True),
            Fact("Python", made.python),
        ),
        Group("Packages", tuple(packages)),
    ]


def _setting(value: bool | int | float | str) -> str:
    """Write a setting as in JSON, text without its quotes."""
    return plain(value if isinstance(value, str) else canonical_json(value))


def _group(title: str, *facts: Fact) -> Group:
    return Group(title, tuple(Fact(fact.label, plain(fact.value), fact.code) for fact in facts))


@dataclass(frozen=True)
class CostRow:
    """What one unit (or all of them) cost, as text."""

    unit: str
    samples: str
    encode: str
    verify: str
    memory: str
    device: str


def cost_rows(units: Sequence[UnitCost]) -> list[CostRow]:
    """Return one row a unit, and a last row for all of them when there are several."""
    rows = [
        CostRow(
            unit=str(unit),
            samples=whole(len(cost.samples)),
            encode=seconds(cost.encode_seconds),
            verify=seconds(cost.verify_seconds),
            memory=memory(cost.peak_memory_bytes),
            device=plain(cost.device, 60),
        )
        for unit, cost in enumerate(units, 1)
    ]
    if len(units) > 1:
        rows.append(
            CostRow(
                unit="all",
                samples=whole(sum(len(cost.samples) for cost in units)),
                encode=seconds(sum(cost.encode_seconds for cost in units)),
                verify=seconds(sum(cost.verify_seconds for cost in units)),
                memory=memory(max(cost.peak_memory_bytes for cost in units)),
                device="",
            )
        )
    return rows


@dataclass(frozen=True)
class CurveRow:
    """One point of the anytime curve, as text."""

    unit: str
    seconds: str
    steps: str
    horizon: str


def curve_rows(units: Sequence[UnitCost]) -> list[CurveRow]:
    """Return the points of every unit's anytime curve."""
    return [
        CurveRow(
            unit=str(unit),
            seconds=f"{number(point.seconds)} s",
            steps=whole(point.steps),
            horizon=number(point.mean_horizon),
        )
        for unit, cost in enumerate(units, 1)
        for point in cost.curve
    ]


def seconds(value: float) -> str:
    """Write a duration: '0.03 s', '4.2 s', '3 min 20 s', '2 h 5 min'."""
    if value < 1:
        return f"{value:.2g} s"
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{whole(minutes // 60)} h {minutes % 60} min"


def memory(value: int) -> str:
    """Write a size: '312 MiB', '1.42 GiB'."""
    return f"{number(value / 2**30)} GiB" if value >= 2**30 else f"{round(value / 2**20)} MiB"


def _anchor(run: RunRecord) -> str:
    return f", anchor token {run.decoder.anchor}" if run.decoder.layout == "anchored" else ", no anchor: unranked"


def _suffix(run: RunRecord) -> str:
    return f", suffix {' '.join(map(str, run.decoder.suffix))}" if run.decoder.suffix else ""
