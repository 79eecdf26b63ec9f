"""Type cramboard's commands in this process, and look at the folders that they leave."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cramboard.cli import _run, main

# A run of `cram` that takes a moment: two vectors hold a few of the first bytes of a text.
QUICK = (
    *("-t", "speeches", "-m", "cram", "--preset", "quick", "--set", "steps=30"),
    *("--set", "span=8", "-k", "2", "--batch-size", "1", "--device", "cpu"),
)


@dataclass(frozen=True)
class Ended:
    """A command that has ended: its exit code and what it wrote."""

    code: int
    out: str
    err: str

    def refused(self, code: int, *saying: str, notice: str = "") -> None:
        """Check that it was refused with `code`, in one line on stderr (after `notice`) that says all of `saying`."""
        assert (self.code, self.out) == (code, ""), self
        line = self.err.removeprefix(notice)
        assert line.startswith("cramboard: ")
        assert line.endswith("\n")
        assert line.count("\n") == 1, line
        assert "Traceback" not in line
        for words in saying:
            assert words in line, line


def cramboard(*words: object) -> Ended:
    """Type a command."""
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        code = _run(main, list(map(str, words)))
    return Ended(code, out.getvalue(), err.getvalue())


def evaluate(decoder: Path, folder: Path, *words: object) -> Ended:
    """Type a quick `cramboard evaluate`; `words` add to it and override it."""
    return cramboard("evaluate", "-d", decoder, "--output-dir", folder, *QUICK, *words)


def status(folder: Path) -> dict[str, Any]:
    """Return what `cramboard status --json` says."""
    ended = cramboard("status", folder, "--json")
    assert (ended.code, ended.err) == (0, "")
    facts: dict[str, Any] = json.loads(ended.out)
    return facts


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file below `folder`, its lock aside: path -> bytes."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def lines(folder: Path) -> dict[str, str]:
    """Return the lines of a run's samples.jsonl by sample."""
    return {json.loads(line)["sample"]: line for line in (folder / "samples.jsonl").read_text().splitlines()}
