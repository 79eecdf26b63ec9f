"""A task as it lies on disk, and its samples, checked against the manifest."""

import difflib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cramboard import files
from cramboard.errors import InputError, UsageError
from cramboard.keys import sha256_bytes, sha256_text
from cramboard.schema import ManifestLine, Split, TaskRef, TaskSpec, from_jsonl_file, from_yaml_file
from cramboard.tasks.building import DrawsWords, builder_of
from cramboard.tasks.draws import read_draws
from cramboard.tasks.sources import open_source
from cramboard.tasks.texts import load_texts

SPEC_FILE = "task.yaml"
MANIFEST_FILE = "manifest.jsonl"


@dataclass(frozen=True)
class Sample:
    """One sample of a task, with where it comes from.

    Its content is a text, or 64-bit draws that a decoder turns into token ids; `text` or `draws` is None accordingly.
    """

    id: str
    content: str | tuple[int, ...]
    sha256: str
    author: str
    date: str
    origin: str
    split: Split
    licence: str

    @property
    def text(self) -> str | None:
        """The text, where the sample is one."""
        return self.content if isinstance(self.content, str) else None

    @property
    def draws(self) -> tuple[int, ...] | None:
        """The draws, where the sample is made of them."""
        return None if isinstance(self.content, str) else self.content


@dataclass(frozen=True)
class Task:
    """A versioned, hashed set of samples of one kind."""

    spec: TaskSpec
    manifest_sha256: str
    lines: tuple[ManifestLine, ...]

    @property
    def ref(self) -> TaskRef:
        """Name this task, its version and its manifest, as certificates do."""
        return TaskRef(name=self.spec.name, version=self.spec.version, manifest_sha256=self.manifest_sha256)

    @property
    def counts(self) -> dict[Split, int]:
        """The number of samples of each split, in the order of the manifest."""
        return dict(Counter(line.split for line in self.lines))

    @property
    def is_sealed(self) -> bool:
        """Whether its samples are private."""
        return False

    @property
    def tuned_on(self) -> "Task":
        """The task whose tuning samples the constant controls are fitted on."""
        return self

    def select(
        self, split: Split | None = "public", ids: Sequence[str] | None = None, limit: int | None = None
    ) -> list[ManifestLine]:
        """Return the first `limit` manifest lines of `split` (None: both) and `ids`, in its order; no text.

        Raises:
            InputError: If an id is not in the split.
            UsageError: If `limit` is below 1.
        """
        if limit is not None and limit < 1:
            raise UsageError(f"the limit must be at least 1, not {limit}")
        lines = [line for line in self.lines if split in (None, line.split)]
        if ids is not None:
            self._check_ids(ids, split, {line.id for line in lines})
            wanted = set(ids)
            lines = [line for line in lines if line.id in wanted]
        return lines[:limit]

    def subset_name(self, split: Split, ids: Sequence[str]) -> str:
        """Name a subset of a split: 'speeches' for all, 'speeches@4' for the first four, else how many were chosen."""
        whole = [line.id for line in self.select(split)]
        if set(ids) == set(whole):
            return self.spec.name
        if set(ids) == set(whole[: len(ids)]):
            return f"{self.spec.name}@{len(ids)}"
        return f"{self.spec.name} ({len(ids)} chosen)"

    def samples(
        self, split: Split | None = "public", ids: Sequence[str] | None = None, limit: int | None = None
    ) -> list[Sample]:
        """Return the samples that `select` names; only their texts are loaded, and each is checked.

        Raises:
            InputError: If an id is unknown, or a text is not to be had as the manifest has it.
            MachineError: If the network or a package that is needed for a text is missing.
            UsageError: If `limit` is below 1.
        """
        lines = self.select(split, ids, limit)
        return [self._sample(line, text) for line, text in zip(lines, self._texts(lines), strict=True)]

    def words(self) -> tuple[str, ...] | None:
        """Return the words that the task's texts are drawn from uniformly, sorted; None for any other task.

        Raises:
            MachineError: If the package that carries the words is missing or has another version.
        """
        builder = builder_of(self.spec)
        return builder.vocabulary(open_source(self.spec.source)) if isinstance(builder, DrawsWords) else None

    def _texts(self, lines: Sequence[ManifestLine]) -> list[str]:
        texts = load_texts(self.spec, lines)
        return [texts[line.sha256] for line in lines]

    def _identity(self, line: ManifestLine) -> str:
        """Return the sha256 by which keys and certificates name a sample's text."""
        return line.sha256

    def _sample(self, line: ManifestLine, text: str) -> Sample:
        if len(text) != line.characters or sha256_text(text) != line.sha256:
            raise InputError(
                f"sample {line.id} of task {self.spec.name}: the text is not the one of the manifest; "
                f"its source, {self.spec.source}, holds other bytes: install or fetch it anew"
            )
        return Sample(
            id=line.id,
            content=text if self.spec.form == "text" else read_draws(text),
            sha256=self._identity(line),
            author=line.author,
            date=line.date,
            origin=line.origin,
            split=line.split,
            licence=self.spec.licence,
        )

    def _check_ids(self, ids: Sequence[str], split: Split | None, known: set[str]) -> None:
        for unknown in [given for given in ids if given not in known]:
            there = next((line.split for line in self.lines if line.id == unknown), None)
            of = f"the {split} samples of task {self.spec.name}" if split else f"task {self.spec.name}"
            hint = f"it is in the {there} split; " if there else _close_match(unknown, known)
            raise InputError(
                f"no sample {unknown!r} in {of}; {hint}`cramboard tasks show {self.spec.name}` lists the ids"
            )


def task_names() -> list[str]:
    """Return the names of the tasks that there are, sorted."""
    folder = files.data_folder("tasks")
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder of tasks; reinstall cramboard")
    return sorted(path.parent.name for path in folder.glob(f"[!.]*/{SPEC_FILE}"))


def text_packages() -> frozenset[str]:
    """Return the names of the packages that carry tasks' texts: no encoder may have one."""
    specs = [read_spec(files.data_folder("tasks") / name) for name in task_names()]
    return frozenset(spec.source.package for spec in specs if spec.source.kind == "package")


def load_task(name: str) -> Task:
    """Read a task's definition and manifest and check one against the other; no text is built.

    Raises:
        InputError: If there is no such task, or its files are damaged or do not belong together.
    """
    return read_task(task_folder(name))


def task_folder(name: str) -> Path:
    """Return the folder in which a task's definition lies.

    Raises:
        InputError: If there is no such task.
    """
    names = task_names()
    if name not in names:
        raise InputError(f"unknown task {name!r}; {_close_match(name, names)}there are: {', '.join(names)}")
    return files.data_folder("tasks") / name


def read_task(folder: Path) -> Task:
    """Read the task that lies in `folder`.

    Raises:
        InputError: If its files are damaged or do not belong together.
    """
    spec = read_spec(folder)
    path = folder / MANIFEST_FILE
    if spec.manifest_sha256 is None:
        raise InputError(f"task {spec.name} has no manifest yet; build it first: cramboard tasks build {spec.name}")
    if sha256_bytes(files.read_bytes(path, "manifest")) != spec.manifest_sha256:
        raise InputError(f"{path}: not that of {spec.name} {spec.version} (wrong sha256); restore it")
    return Task(spec, spec.manifest_sha256, _read_lines(path))


def read_spec(folder: Path) -> TaskSpec:
    """Read a task's `task.yaml`, whose name must be its folder's.

    Raises:
        InputError: If it is missing, damaged or in the wrong folder.
    """
    path = folder / SPEC_FILE
    spec = from_yaml_file(TaskSpec, path, "task")
    if spec.name != folder.name:
        raise InputError(f"{path}: field name: {spec.name!r} is not the folder's {folder.name!r}; correct it")
    return spec


def _read_lines(path: Path) -> tuple[ManifestLine, ...]:
    lines = from_jsonl_file(ManifestLine, path, "manifest")
    if not lines:
        raise InputError(f"{path}: it lists no sample; restore the file")
    for name, times in Counter(line.id for line in lines).items():
        if times > 1:
            raise InputError(f"{path}: field id: {name!r} occurs {times} times; give every sample its own id")
    return tuple(lines)


def _close_match(name: str, known: Sequence[str] | set[str]) -> str:
    close = difflib.get_close_matches(name.lower(), sorted(known), n=1)
    return f"did you mean {close[0]}? " if close else ""
