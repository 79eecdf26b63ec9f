"""What the stand-in keeps: repositories, their commits, and the large files apart from them."""

import hashlib
import threading
from dataclasses import dataclass, field

# What the real Hub sends to its large-file storage whatever its size.
LARGE_SUFFIXES = (".parquet", ".safetensors", ".arrow", ".gz")
LARGE_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True)
class Blob:
    """A file's bytes; a large one goes by its sha256, any other by git's blob id."""

    data: bytes
    large: bool = False

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def git_id(self) -> str:
        content = self.sha256.encode() if self.large else self.data
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()

    @property
    def etag(self) -> str:
        return self.sha256 if self.large else self.git_id


@dataclass(frozen=True)
class Commit:
    """A commit: the whole tree, path -> blob."""

    id: str
    parent: str | None
    title: str
    tree: dict[str, Blob]


@dataclass
class Repository:
    """A model or dataset; `kind` is the plural that addresses have."""

    kind: str
    id: str
    private: bool
    commits: dict[str, Commit] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.commit("main", "initial commit", {".gitattributes": Blob(b"*.parquet filter=lfs\n")})

    @property
    def owner(self) -> str:
        return self.id.split("/")[0]

    @property
    def head(self) -> Commit:
        return self.commits[self.branches["main"]]

    def commit(self, branch: str, title: str, tree: dict[str, Blob]) -> Commit:
        parent = self.branches.get(branch)
        name = hashlib.sha1(f"{self.kind} {self.id} {parent} {title} {len(self.commits)}".encode()).hexdigest()
        self.commits[name] = made = Commit(name, parent, title, tree)
        self.branches[branch] = name
        return made

    def resolve(self, revision: str) -> Commit | None:
        name = revision.removeprefix("refs/heads/").removeprefix("refs/tags/")
        return self.commits.get(self.branches.get(name) or self.tags.get(name) or name)


@dataclass
class Store:
    """Everything; `tokens` names the user of each token, who may write what is his."""

    tokens: dict[str, str]
    repositories: dict[tuple[str, str], Repository] = field(default_factory=dict)
    large: dict[str, bytes] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
