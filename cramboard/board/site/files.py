"""Files from strangers: no links, no file larger than an honest one, no number that nothing measures."""

from pathlib import Path

from cramboard.errors import InputError
from cramboard.schema import Model, from_json

RUN, SUMMARY, SAMPLES, VERIFICATIONS = "run.json", "summary.json", "samples.jsonl", "verifications.jsonl"
GAP = "gap.json"
LIMITS = {RUN: 16 << 20, SUMMARY: 4 << 20, SAMPLES: 128 << 20, VERIFICATIONS: 4 << 20, GAP: 64 << 10}
EXACT = 1e-9
"""How far a mean may be from the one that its records give: other machines round their sums otherwise."""
# No number in a result is nearly as large.
_LARGEST = 1e15


def checked(path: Path) -> Path:
    """Return a path that may be read.

    Raises:
        InputError: If there is no file, it is a link, or it is larger than any honest one.
    """
    if path.is_symlink() or not path.is_file():
        raise InputError(f"{path}: there is no such file; restore it")
    if path.stat().st_size > LIMITS[path.name]:
        raise InputError(f"{path}: larger than {LIMITS[path.name] >> 10} KiB; shorten or restore it")
    return path


def checked_json(model: type[Model], path: Path) -> Model:
    """Read a JSON file as `model`.

    Raises:
        InputError: If it may not be read, or does not fit the schema.
    """
    return from_json(model, checked(path).read_text(encoding="utf-8", errors="replace"), str(path))


def check_numbers(path: Path, value: object) -> None:
    """Refuse numbers that nothing measures: they would break sums, drawings and tables. Records are bound by schema.

    Raises:
        InputError: If there is one; `path` is the file that it is in.
    """
    if isinstance(value, dict):
        for part in value.values():
            check_numbers(path, part)
    elif isinstance(value, list | tuple):
        for part in value:
            check_numbers(path, part)
    elif isinstance(value, int | float) and abs(value) > _LARGEST:
        raise InputError(f"{path}: a number that no measurement gives; restore the file")
