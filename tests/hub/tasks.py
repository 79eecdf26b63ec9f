"""Small tasks made from the committed ones."""

import json
import re
from pathlib import Path

from cramboard.keys import sha256_bytes


def shorten(folder: Path, public: int = 3, tuning: int = 2) -> None:
    """Keep only the first samples of each split of the task in `folder`."""
    path = folder / "manifest.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    kept = [line for line in lines if '"split":"public"' in line][:public]
    kept += [line for line in lines if '"split":"tuning"' in line][:tuning]
    path.write_text("".join(kept))
    repin(folder)


def repin(folder: Path) -> None:
    """Make task.yaml agree with the manifest that lies beside it."""
    spec = folder / "task.yaml"
    digest = sha256_bytes((folder / "manifest.jsonl").read_bytes())
    spec.write_text(re.sub(r"(?m)^manifest_sha256: .*$", f'manifest_sha256: "{digest}"', spec.read_text()))


def change(path: Path, old: str, new: str) -> None:
    """Replace in a file what is there once."""
    text = path.read_text()
    assert text.count(old) == 1, (path, old)
    path.write_text(text.replace(old, new))


def unpin(tasks: Path) -> None:
    """Make the tasks as they were before anything was published or pg19 built."""
    for path, field in (
        (tasks / "dataset.yaml", "hub"),
        (tasks / "pg19" / "task.yaml", "manifest_sha256"),
        (tasks / "pg19" / "task.yaml", "  revision"),
    ):
        path.write_text(re.sub(rf"(?m)^{field}:.*$", f"{field}: null", path.read_text()))
    (tasks / "dataset.yaml").write_text(
        re.sub(r"(?m)^version:.*$", "version: 1.0.0", (tasks / "dataset.yaml").read_text())
    )
    (tasks / "pg19" / "manifest.jsonl").unlink(missing_ok=True)


def first_sample(folder: Path) -> str:
    """Return the id of a task's first sample."""
    found: str = json.loads((folder / "manifest.jsonl").read_text().splitlines()[0])["id"]
    return found
