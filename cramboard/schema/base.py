"""What all shapes share: frozen, strict, versioned; read and written as JSON, YAML and lines."""

import json
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cramboard.errors import InputError
from cramboard.files import read_text
from cramboard.keys import canonical_json
from cramboard.schema.faults import say, shown
from cramboard.schema.plain_yaml import load_yaml

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
NAME = r"[a-z0-9][a-z0-9._-]{0,79}"
Name = Annotated[str, Field(pattern=f"^{NAME}$")]
Revision = Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
HubId = Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$")]
SampleId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,119}$")]
RELATIVE_PATH = r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*"
RelativePath = Annotated[str, Field(pattern=f"^{RELATIVE_PATH}$", max_length=200)]
Split = Literal["public", "tuning", "sealed"]
Form = Literal["text", "draws"]
"""What a sample is: a plain text, or 64-bit draws that each decoder turns into token ids of its own."""
StoredDtype = Literal["float32", "bfloat16", "int8", "int4"]
Isolation = Literal["sandbox", "none"]

Model = TypeVar("Model", bound="Boundary")


class Strict(BaseModel):
    """A frozen part of a file; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Boundary(Strict):
    """A whole file, or a line of one, with its schema version."""

    newest: ClassVar[int] = 1
    schema_version: int = Field(default=1, ge=1)

    @classmethod
    def parse(cls, data: object, where: str) -> Self:
        """Check `data` (what JSON or YAML gave) against this schema; `where` names the file in errors.

        Raises:
            InputError: If a field is missing, unknown or wrong, or the file is newer than this cramboard.
        """
        if not isinstance(data, dict):
            raise InputError(f"{where}: expected fields with values, found {shown(data)}; restore the file")
        version = data.get("schema_version", 1)
        if isinstance(version, int) and version > cls.newest:
            raise InputError(
                f"{where}: schema version {version} is newer than this cramboard reads ({cls.newest}); "
                "upgrade cramboard"
            )
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise InputError(f"{where}: {say(cls, error)}") from None


def from_json(model: type[Model], text: str, where: str) -> Model:
    """Read one JSON object as `model`.

    Raises:
        InputError: If it is not JSON, has a key twice, or does not fit the schema.
    """
    try:
        data = json.loads(text, object_pairs_hook=_unique_keys)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: not valid JSON ({str(error).splitlines()[0]}); restore the file") from None
    return model.parse(data, where)


def from_yaml(model: type[Model], text: str, where: str) -> Model:
    """Read YAML (safe tags only) as `model`.

    Raises:
        InputError: If it is not YAML, has an alias or a key twice, or does not fit the schema.
    """
    try:
        data = load_yaml(text)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" at line {mark.line + 1}" if mark else ""
        said = getattr(error, "problem", None)
        why = f" ({said[:200]})" if said else ""
        raise InputError(f"{where}: not valid YAML{line}{why}; correct or restore it") from None
    return model.parse(data, where)


def from_yaml_file(model: type[Model], path: Path, what: str) -> Model:
    """Read a YAML file as `model`.

    Raises:
        InputError: If it is missing, or `from_yaml` refuses it.
    """
    return from_yaml(model, read_text(path, what), str(path))


def from_jsonl_file(model: type[Model], path: Path, what: str) -> list[Model]:
    """Read a file of one JSON object a line as `model`s.

    Raises:
        InputError: If it is missing or a line is not a whole, valid object (the line is named).
    """
    lines = read_text(path, what).split("\n")
    return [from_json(model, line, f"{path} line {number}") for number, line in enumerate(lines, 1) if line]


def to_json(model: Boundary) -> str:
    """Render `model` as indented JSON with a final newline (the bytes of a file)."""
    return json.dumps(model.model_dump(mode="json"), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def to_jsonl(models: list[Model]) -> str:
    """Render `models` as one canonical JSON object a line."""
    return "".join(canonical_json(model.model_dump(mode="json")) + "\n" for model in models)


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key occurs twice")
    return result
