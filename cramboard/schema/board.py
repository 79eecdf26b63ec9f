"""What the board reads that is no result, and gives away."""

from typing import Annotated, Literal

from pydantic import Field

from cramboard.schema.base import Boundary, Name, Sha256, Split, StoredDtype, Strict
from cramboard.schema.certificates import DecoderRef, MethodRef
from cramboard.schema.runs import Interval
from cramboard.schema.submissions import Link, ShortText, SubmissionKind
from cramboard.schema.tasks import TaskRef


class ReportedRow(Strict):
    """One published figure: a decoder on one kind of text. Spreads are standard deviations."""

    decoder: ShortText
    text: ShortText
    k: Annotated[int, Field(ge=1)] = 1
    tokens: float | None = None
    tokens_spread: float | None = None
    token_gain: float | None = None
    token_gain_spread: float | None = None
    information: float | None = None
    information_spread: float | None = None
    note: Annotated[str, Field(max_length=200)] = ""


class ReportedTable(Strict):
    """A published table; `table` and `page` are null where they are not known, and are never guessed.

    `tokens` says what the tokens are a measure of, in the authors' protocol.
    """

    table: ShortText | None = None
    page: Annotated[int, Field(ge=1)] | None = None
    title: ShortText
    tokens: Annotated[str, Field(min_length=1, max_length=600)]
    information_unit: Literal["nats", "bits"] | None = None
    rows: Annotated[tuple[ReportedRow, ...], Field(min_length=1)]


class ReportedSource(Strict):
    """A publication whose figures are shown beside the verified ones, and never ranked.

    `method` is the method here that follows its protocol, where there is one.
    """

    title: Annotated[str, Field(min_length=1, max_length=200)]
    authors: ShortText
    year: int
    venue: ShortText
    link: Link
    protocol: Annotated[str, Field(min_length=1, max_length=2000)]
    method: Name | None = None
    tables: Annotated[tuple[ReportedTable, ...], Field(min_length=1)]


class Reported(Boundary):
    """`leaderboard/reported.yaml`: published figures."""

    sources: tuple[ReportedSource, ...]


class GapSide(Strict):
    """A method beside `cram` on one side, public or sealed: the samples that both have.

    `mean` is that of `log((h + 1) / (h_cram + 1))`; the sha256 are those of the records (samples.jsonl) of both.
    """

    samples: Annotated[int, Field(ge=1)]
    authors: Annotated[int, Field(ge=1)]
    mean: float
    samples_sha256: Sha256
    cram_samples_sha256: Sha256


class SealedGap(Boundary):
    """`gap.json` beside a sealed result: how far its method falls behind `cram` on texts that it cannot have seen.

    `gap` is the public mean less the sealed one, with its 95% interval, in natural logarithms; exp(gap) is a factor.
    `flagged` when the whole interval lies above 0. `baseline` is the submission of the `cram` results.
    """

    baseline: Name
    public: GapSide
    sealed: GapSide
    gap: Interval
    flagged: bool
    verifier_version: int


class BoardResult(Strict):
    """One verified result as the board has it; `unranked` says why it has no rank.

    `cost_class` is set for encoders, `span` where another than the declared one was asked for. A public result has
    `sealed_tokens_per_vector` where the same was run on a sealed set, and `sealed_gap` where that was held against
    `cram`. `confirmed_scope` says whether one of the later verifications measured everything again, or all of them the
    horizons alone.
    """

    submission: Name
    name: str
    kind: SubmissionKind
    cost_class: str | None
    task: TaskRef
    subset: str
    split: Split
    decoder: DecoderRef
    method: MethodRef
    k: int
    seed: int
    span: int | None
    rank: int | None
    unranked: str | None
    samples: int
    failures: int
    measures: dict[str, Interval]
    lengths: dict[int, dict[str, Interval]]
    stored: dict[StoredDtype, Interval]
    coarsest: StoredDtype | None
    encode_seconds_per_sample: float | None
    device: str
    sealed_tokens_per_vector: Interval | None
    sealed_gap: SealedGap | None
    confirmed_by: int
    confirmed_scope: Literal["all", "horizons"] | None
    started: str
    command: str
    verifier_version: int
    certificate_sha256: Sha256


class BoardResults(Boundary):
    """`results.json` of the site: every result that the board shows."""

    results: tuple[BoardResult, ...]
