"""The matrix: every run that the board is to have."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Annotated, Self

from pydantic import Field, model_validator

from cramboard.schema.base import Boundary, Name, Strict

MethodWords = Annotated[str, Field(pattern=r"^(submissions/)?[a-z0-9][a-z0-9-]{0,59}$")]
"""What `-m` is given: a built-in method, or the folder of a submission."""


class Cell(Strict):
    """One run of the matrix, or one encoder's curve. `limit` None is every public sample."""

    task: Name
    decoder: Name
    method: MethodWords
    preset: Name | None
    k: int
    seed: int
    span: int | None
    limit: int | None
    seconds: float
    batch: int | None

    @property
    def name(self) -> str:
        """The cell's name, which is the folder of its run: `speeches/DECODER/cram-standard/k2-first16`."""
        method = self.method.removeprefix("submissions/") + (f"-{self.preset}" if self.preset else "")
        tail = f"-span{self.span}" if self.span else ""
        tail += f"-seed{self.seed}" if self.seed else ""
        tail += f"-first{self.limit}" if self.limit else ""
        return f"{self.task}/{self.decoder}/{method}/k{self.k}{tail}"


class MatrixRuns(Strict):
    """Runs that differ in task, decoder, preset, seed or span alone.

    Attributes:
        title: What they are for.
        decoders: Listed decoders; all of one are run before the next.
        tasks: The tasks.
        method: What `-m` is given.
        presets: Its presets; of a submission, or for the method's first, left empty.
        k: Vectors a sample.
        seeds: The seeds.
        spans: The spans that are asked for; left empty, the method's own.
        limit: The first samples alone; left out, every public one.
        seconds: What making and verifying a sample is expected to take on the GPU that the matrix is for. It only
            decides what is still begun before the time is up, and gives way to what is measured.
        batch: Samples of a unit; left out, the device's.
    """

    title: Annotated[str, Field(min_length=1, max_length=120)]
    decoders: Annotated[tuple[Name, ...], Field(min_length=1)]
    tasks: Annotated[tuple[Name, ...], Field(min_length=1)]
    method: MethodWords
    presets: tuple[Name, ...] = ()
    k: Annotated[int, Field(ge=1)] = 1
    seeds: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)] = (0,)
    spans: tuple[Annotated[int, Field(ge=1)], ...] = ()
    limit: Annotated[int, Field(ge=1)] | None = None
    seconds: Annotated[float, Field(gt=0)]
    batch: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _fits_its_method(self) -> Self:
        if self.method.startswith("submissions/") and self.presets:
            raise ValueError("a submission has no presets")
        return self

    def cells(self) -> Iterator[Cell]:
        """Yield the runs, a decoder after the other."""
        for decoder in self.decoders:
            for preset in self.presets or (None,):
                for task in self.tasks:
                    for span in self.spans or (None,):
                        for seed in self.seeds:
                            yield Cell(
                                task=task, decoder=decoder, method=self.method, preset=preset, k=self.k, seed=seed,
                                span=span, limit=self.limit, seconds=self.seconds, batch=self.batch,
                            )  # fmt: skip


class EmptyCells(Strict):
    """Why cells of the matrix have no result; `cells` is a pattern of their names, such as `*/k16-*`."""

    cells: Annotated[str, Field(min_length=1, max_length=200)]
    why: Annotated[str, Field(min_length=1, max_length=300)]


class Matrix(Boundary):
    """`leaderboard/matrix.yaml`: the runs that the board is to have, what matters most first."""

    runs: Annotated[tuple[MatrixRuns, ...], Field(min_length=1)]
    empty: tuple[EmptyCells, ...] = ()

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        seen: set[str] = set()
        for cell in self.cells():
            if cell.name in seen:
                raise ValueError(f"{cell.name} is planned twice")
            seen.add(cell.name)
        return self

    def cells(self) -> list[Cell]:
        """Return every run, in the order in which they are made."""
        return [cell for runs in self.runs for cell in runs.cells()]

    def why_empty(self, cell: Cell) -> str | None:
        """Return why a cell has no result, if somebody has said so."""
        return next((empty.why for empty in self.empty if fnmatchcase(cell.name, empty.cells)), None)
