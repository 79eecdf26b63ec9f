"""A clone to submit in, with a simple encoder, and the tiny decoder that it is for."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.waiting import PATIENCE_SECONDS

SPEC = {
    "name": "Means",
    "authors": ["A. Tester"],
    "description": "Made for a test.",
    "licence": "Apache-2.0",
    "kind": "encoder",
    "encoder": {"file": "encoder.py", "name": "Encoder"},
    "decoders": ["short"],
    "plans": [{"k": 2, "span": 8}, {"k": 4, "ratio": 4.5}],
    "training_data": "None.",
}

# It needs no torch: a text's bytes say what its vectors are.
CODE = """
import numpy


class Encoder:
    def __init__(self, given):
        self.given = given

    def encode(self, texts):
        return [self.one(text) for text in texts]

    def one(self, text):
        numbers = numpy.resize(numpy.frombuffer(text.encode(), dtype=numpy.uint8), (self.given.k, self.given.d))
        return numbers.astype("float32") / 100
"""

Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def common_ground(common_cache: Path, one_thread: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRAMBOARD_CACHE", str(common_cache))


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone with a main branch and a folder of submissions; it is the current folder."""
    folder = tmp_path / "clone"
    (folder / "submissions").mkdir(parents=True)
    (folder / "submissions" / "README.md").write_text("Submissions.\n")
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "Begin")
    git(folder, "switch", "--quiet", "--create", "mine")
    monkeypatch.chdir(folder)
    return folder


def git(folder: Path, *words: str) -> None:
    names = ("-c", "user.name=A. Tester", "-c", "user.email=tester@example.org")
    subprocess.run(
        ["git", "-C", str(folder), *names, *words], check=True, capture_output=True, timeout=PATIENCE_SECONDS
    )


@pytest.fixture
def write(clone: Path) -> Write:
    """Write a submission: `write("slug", code=.., files={..}, **fields)`; its folder comes back."""

    def write_submission(
        slug: str = "means", code: str | None = CODE, files: dict[str, bytes] | None = None, **fields: object
    ) -> Path:
        folder = clone / "submissions" / slug
        folder.mkdir(parents=True, exist_ok=True)
        spec = {name: value for name, value in (SPEC | fields).items() if value is not None}
        (folder / "submission.yaml").write_text(yaml.safe_dump(spec))
        if code is not None:
            (folder / "encoder.py").write_text(code)
        for name, data in (files or {}).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        return folder

    return write_submission
