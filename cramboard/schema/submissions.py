"""What a submission declares."""

import math
import unicodedata
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from cramboard.schema.base import Boundary, HubId, Name, RelativePath, Revision, Sha256, Strict

# What turns the direction of writing lets one name look like another.
_TURNS = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


def _one_line(text: str) -> str:
    """Refuse characters that are not read but act: line ends, terminal controls, turns of direction."""
    for char in text:
        if unicodedata.category(char) in ("Cc", "Zl", "Zp", "Cs") or unicodedata.bidirectional(char) in _TURNS:
            raise ValueError(f"holds the character {char!a}, which is not printed")
    return text


ShortText = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_one_line)]
Link = Annotated[str, Field(pattern=r"^https://[^\s<>\"']{1,300}$")]
SubmissionKind = Literal["optimisation", "encoder", "upload", "control"]


class Plan(Strict):
    """Vectors a text and the span that they are declared to hold: a fixed k, or a fixed ratio of tokens to vectors.

    With `ratio` r, k vectors are given the first r k tokens; `span` is then left out.
    """

    k: Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
    span: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] | None = None
    ratio: Annotated[float, Field(gt=0, le=1_000_000)] | None = None

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
    bytes: Annotated[int, Field(strict=True, ge=1)]
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
            if len({pinned.file for pinned in files}) < len(files):
                raise ValueError("two files have the same name")
        return self


class SubmissionSpec(Boundary):
    """`submissions/<slug>/submission.yaml`: who made the vectors, with what, and under which terms."""

    name: ShortText
    authors: Annotated[tuple[ShortText, ...], Field(min_length=1, max_length=100)]
    description: Annotated[str, Field(min_length=1, max_length=2000)]
    links: dict[ShortText, Link] = Field(default_factory=dict)
    licence: ShortText
    kind: SubmissionKind
    method: Name | None = None
    """The built-in method, for baselines, protocols and controls."""
    preset: Name | None = None
    """The built-in method's preset; its first by default."""
    encoder: EncoderCode | None = None
    decoders: Annotated[tuple[Name, ...], Field(min_length=1)]
    plans: Annotated[tuple[Plan, ...], Field(min_length=1, max_length=32)]
    dtype: Literal["float32", "bfloat16"] = "float32"
    suffix: Annotated[tuple[Annotated[int, Field(strict=True, ge=0, lt=1_000_000)], ...], Field(max_length=8)] = ()
    training_data: Annotated[str, Field(min_length=1, max_length=2000)]
    parameters: Annotated[int, Field(strict=True, ge=0, le=10**15)] | None = None

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        built_in = self.kind in ("optimisation", "control")
        if built_in != (self.method is not None):
            raise ValueError(f"kind {self.kind} {'needs' if built_in else 'has no'} field method")
        if (self.kind == "encoder") != (self.encoder is not None):
            raise ValueError(f"kind {self.kind} {'needs' if self.kind == 'encoder' else 'has no'} field encoder")
        for field in ("suffix", "dtype"):
            if built_in and getattr(self, field) != type(self).model_fields[field].default:
                raise ValueError(f"kind {self.kind} has no field {field}")
        if not built_in and self.preset is not None:
            raise ValueError(f"kind {self.kind} has no field preset")
        if len({plan.k for plan in self.plans}) < len(self.plans):
            raise ValueError("two plans have the same k")
        if len(set(self.decoders)) < len(self.decoders):
            raise ValueError("a decoder is named twice")
        return self
