"""A submission as it lies on disk: `submissions/<slug>/`, read and never run."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cramboard.errors import InputError, SubmissionError, UsageError
from cramboard.files import cache_folder, locked, publish_folder, sha256_file
from cramboard.keys import key, sha256_bytes
from cramboard.schema import Plan, SubmissionSpec, from_yaml_file

SPEC_FILE = "submission.yaml"
README = "README.md"
RESULTS = "results"
VECTORS = "vectors"
"""The folder of uploaded certificates: `vectors/<task>/<decoder>/k<k>/`."""

_SPEC_BYTES = 64 << 10
_TRAVELS_BYTES = 2 << 30
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
# Passed over wherever a submission's files are read, so nothing may be proposed there.
LEFT_BY_PYTHON = "__pycache__"


@dataclass(frozen=True)
class Submission:
    """A submission: its folder, whose name is its slug, and its checked `submission.yaml`."""

    folder: Path
    spec: SubmissionSpec

    @property
    def slug(self) -> str:
        """The name by which results and the board know it."""
        return self.folder.name

    @property
    def method(self) -> str:
        """The name of its method in certificates: the built-in one's, else the slug."""
        return self.spec.method or self.slug

    def files(self) -> dict[str, Path]:
        """Return its own files by their path in the folder, without results and uploaded vectors, sorted."""
        found = {}
        for path in sorted(self.folder.rglob("*")):
            name = path.relative_to(self.folder)
            if name.parts[0] in (RESULTS, VECTORS) or LEFT_BY_PYTHON in name.parts:
                continue
            if not path.is_dir() or path.is_symlink():
                found[name.as_posix()] = path
        return found

    def own_file(self, name: str) -> Path:
        """Return where a file of its folder lies, by its path in the folder; it need not be there.

        Raises:
            SubmissionError: If it, or a folder on the way to it, is a link: it may lead to any file of this machine.
        """
        path = self.folder / name
        for step in (path, *path.parents[: len(Path(name).parts) - 1]):
            if step.is_symlink():
                raise SubmissionError(f"{step}: a link; put the file itself there")
        return path

    def code(self) -> dict[str, Path]:
        """Return the files that its encoder may see, by their path: all but the words about it and the weights.

        Raises:
            SubmissionError: If one of them is a link.
        """
        weights = {weight.file for weight in self.spec.encoder.weights} if self.spec.encoder else set()
        about = {SPEC_FILE, README}
        return {name: self.own_file(name) for name in self.files() if name not in about | weights}

    def code_sha256(self) -> str:
        """Return the content hash of all that can change an encoder's vectors; words about it are not in it."""
        encoder = self.spec.encoder.model_dump(mode="json") if self.spec.encoder else None
        files = {name: sha256_file(path) for name, path in self.code().items()}
        return key({"encoder": encoder, "files": files})

    def plan(self, k: int) -> Plan:
        """Return what it declares for k vectors.

        Raises:
            UsageError: If it declares nothing for this k.
        """
        for plan in self.spec.plans:
            if plan.k == k:
                return plan
        declared = ", ".join(str(plan.k) for plan in self.spec.plans)
        raise UsageError(f"-k {k}: submission {self.slug} declares plans for k = {declared}; give one of these")

    def __reduce__(self) -> tuple[Callable[..., "Submission"], tuple[str, dict[str, bytes]]]:
        """Let it take its files along to a process on another machine, where its folder is not."""
        files = {name: self.own_file(name) for name in self.files()}
        size = sum(path.stat().st_size for path in files.values())
        if size > _TRAVELS_BYTES:
            raise InputError(
                f"submission {self.slug}: its files have {size / 2**30:.1f} GiB, and at most "
                f"{_TRAVELS_BYTES / 2**30:g} GiB travel to workers; pin its weights on the Hub instead"
            )
        return _unpacked, (self.slug, {name: path.read_bytes() for name, path in files.items()})


def _unpacked(slug: str, files: dict[str, bytes]) -> Submission:
    """Return a submission that has travelled; its files are kept in the cache, once for every process here."""
    folder = cache_folder() / "submissions" / key({name: sha256_bytes(data) for name, data in files.items()})[:32]
    with locked(folder, wait=True):
        if not (folder / slug).exists():
            publish_folder(folder / slug, files)
    return read_submission(folder / slug)


def read_submission(folder: Path) -> Submission:
    """Read the submission in `folder`.

    Raises:
        InputError: If there is none, its name is no slug, or `submission.yaml` is missing, a link, too large or not of
            the schema.
    """
    folder = folder.absolute()
    if folder.is_file():
        raise InputError(f"{folder}: is a file; give the folder of a submission, such as submissions/my-encoder")
    if not folder.exists():
        raise InputError(f"{folder}: there is no such submission; cramboard submit new NAME begins one")
    check_slug(folder.name, str(folder))
    path = folder / SPEC_FILE
    if path.is_symlink():
        raise InputError(f"{path}: is a link; put the file itself there")
    if path.is_file() and path.stat().st_size > _SPEC_BYTES:
        raise InputError(f"{path}: larger than {_SPEC_BYTES >> 10} KiB; shorten it")
    return Submission(folder, from_yaml_file(SubmissionSpec, path, "submission"))


def check_slug(slug: str, where: str) -> None:
    """Refuse what is no slug; `where` says where it stands.

    Raises:
        InputError: In one line.
    """
    if not _SLUG.fullmatch(slug):
        raise InputError(f"{where}: name it with 1 to 60 small letters, digits and hyphens, such as my-encoder")
