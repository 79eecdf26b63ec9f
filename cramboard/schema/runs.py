"""What a run is, cost and gave."""

from typing import Literal

from cramboard.schema.base import Boundary, Isolation, SampleId, Sha256, Split, StoredDtype, Strict
from cramboard.schema.certificates import DecoderRef, MethodRef
from cramboard.schema.measurements import Count, Number
from cramboard.schema.tasks import TaskRef


class ProtocolClaim(Strict):
    """What a published protocol says of a sample's vectors, by its own rules; shown beside what is verified.

    Attributes:
        sample: The sample.
        tokens: Its length as the protocol counts it.
        steps: Optimisation steps taken.
        accuracy: Share of the protocol's scored tokens whose argmax is right behind the true prefix.
        loss_nats: Mean cross-entropy of a scored token.
    """

    sample: SampleId
    tokens: Count
    steps: Count
    accuracy: Number
    loss_nats: Number


class UnitCost(Boundary):
    """How a unit was made and what it cost, measured by the evaluator, with its anytime curve.

    `encode_seconds` leaves out `start_seconds`, which an encoder's process takes to start and to load its weights.
    `claims` are a published protocol's own, one for each sample; no other method makes any.
    """

    samples: tuple[str, ...]
    search_dtype: str
    attention: str
    threads: Count
    encode_seconds: Number
    start_seconds: Number = 0.0
    verify_seconds: Number
    device: str
    peak_memory_bytes: Count
    curve: tuple["CurvePoint", ...]
    claims: tuple[ProtocolClaim, ...] = ()


class StoredUnit(Boundary):
    """`unit.json` beside a finished unit: its samples, its verifier's version, and its other files' sha256 by name.

    A run that goes on reads this and compares bytes; it takes the files apart only when the run is packed.
    """

    samples: tuple[SampleId, ...]
    verifier_version: int
    sha256: dict[str, Sha256]


class CurvePoint(Strict):
    """A point of the anytime curve: the best horizon of every sample of the unit so far.

    Attributes:
        seconds: Compute seconds a sample; samples that share a step share its time equally.
        steps: Steps that each sample has had, if its search had not ended before.
        mean_horizon: The mean of `horizons`.
        horizons: One for each sample of the unit, in their order.
        certified: That the horizons were certified in strict float32. Every file says so: what a search counted by
            itself is no horizon, and none is stored.
    """

    seconds: Number
    steps: Count
    mean_horizon: Number
    horizons: tuple[Count, ...]
    certified: Literal[True]


class Provenance(Strict):
    """The software and hardware that a run was made with."""

    cramboard: str
    commit: str | None
    python: str
    packages: dict[str, str]
    platform: str
    processor: str
    threads: int
    device: str
    driver: str | None
    search_dtype: str
    attention: str


class RunRecord(Boundary):
    """`run.json`: what a run is (its identity), how it was made, and what it cost."""

    task: TaskRef
    split: Split
    subset: str
    samples: tuple[str, ...]
    decoder: DecoderRef
    ranked: bool
    method: MethodRef
    preset: str | None
    k: int
    seed: int
    span: int | None
    control_sha256: Sha256
    isolation: Isolation | None = None
    """How a submitted encoder was kept apart; null for methods that are cramboard's own."""
    command: str
    started: str
    batch_size: int
    provenance: Provenance
    units: tuple[UnitCost, ...] = ()


class Interval(Strict):
    """A mean over samples with its 95% bootstrap interval; `at_least` when censored samples are in it."""

    mean: float
    low: float
    high: float
    at_least: bool = False


class Failure(Strict):
    """A sample that has no result, and why."""

    sample: str
    reason: str


class Summary(Boundary):
    """`summary.json`, written last: the aggregates of a run. No times, so equal results have equal bytes."""

    task: TaskRef
    subset: str
    split: Split
    decoder: DecoderRef
    ranked: bool
    method: MethodRef
    k: int
    seed: int
    verifier_version: int
    certificate_sha256: Sha256
    samples_sha256: Sha256
    samples: int
    measures: dict[str, Interval]
    lengths: dict[int, dict[str, Interval]]
    stored: dict[StoredDtype, Interval]
    censored: int
    self_limited: int
    greedy_confirmed: int
    failures: tuple[Failure, ...]
