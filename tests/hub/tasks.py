"""Small tasks made from the committed ones."""

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
