"""Say of data that do not fit a schema which field is at fault, and what it should have been."""

import difflib
from collections.abc import Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

# What a pattern asks for, in words; the rest of them are shown as they are.
_IN_WORDS = {
    r"^[0-9a-f]{40}$": "a commit: 40 of the digits 0-9 and a-f, no branch or tag",
    r"^[0-9a-f]{64}$": "a sha256: 64 of the digits 0-9 and a-f",
    r"^[\w.-]+/[\w.-]+$": "a repository of the Hub: OWNER/NAME",
    r"^https://[^\s<>\"']{1,300}$": "an address that begins with https://, of at most 308 characters",
    r"^[a-z0-9][a-z0-9._-]{0,79}$": "a name of at most 80 small letters, digits, '.', '_' and '-'",
    r"^[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*$": (
        "a path within the folder, of letters, digits, '.', '_' and '-'"
    ),
    r"^[A-Za-z_][A-Za-z0-9_]{0,79}$": "a class's name",
}
_KINDS = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text (quotes make it one)",
    "tuple_type": "a list, such as [..]",
    "list_type": "a list, such as [..]",
    "dict_type": "names with values, such as {name: value}",
    "model_type": "fields with values",
}
_MOST_SHOWN = 60


def say(model: type[BaseModel], error: ValidationError) -> str:
    """Return what is wrong first, and the remedy: `unknown field decoder; did you mean decoders?`.

    A field with a wrong name comes before the field that is missing for it.
    """
    faults = error.errors(include_url=False)
    first = next((fault for fault in faults if fault["type"] == "extra_forbidden"), faults[0])
    field = ".".join(map(str, first["loc"]))
    if first["type"] == "extra_forbidden":
        known = sorted(_fields(model, first["loc"][:-1]))
        near = difflib.get_close_matches(str(first["loc"][-1]), known, n=1)
        remedy = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
        return f"unknown field {field[:_MOST_SHOWN]}; {remedy}"
    if first["type"] == "missing":
        return f"field {field} is missing; add it"
    wanted = _wanted(first)
    if wanted is None:  # A rule of ours says itself what is wrong.
        said = first["msg"].removeprefix("Value error, ")
        return f"{f'field {field}: ' if field else ''}{said[:1].lower()}{said[1:]}; correct or restore it"
    return f"field {field}: expected {wanted}, found {shown(first['input'])}; correct or restore it"


def shown(value: object) -> str:
    """Return a value, shortened; of one with parts only what it is."""
    if isinstance(value, dict):
        return "names with values"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if value is None:
        return "nothing"
    text = ascii(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}.."


def _wanted(fault: ErrorDetails) -> str | None:
    """Return what should have stood there, None if the fault's own message has no such words."""
    bounds = fault.get("ctx", {})
    match fault["type"]:
        case "string_pattern_mismatch":
            return _IN_WORDS.get(bounds["pattern"], f"text of the form {bounds['pattern']}")
        case "too_short":
            return f"a list of {bounds['min_length']} or more"
        case "too_long":
            return f"a list of at most {bounds['max_length']}"
        case "greater_than_equal":
            return f"{bounds['ge']} or more"
        case "less_than":
            return f"less than {bounds['lt']}"
        case "less_than_equal":
            return f"at most {bounds['le']}"
    if fault["type"] in _KINDS:
        return _KINDS[fault["type"]]
    wanted = fault["msg"].removeprefix("Input should be ")
    return None if wanted == fault["msg"] else wanted


def _fields(model: type[BaseModel], place: Sequence[int | str]) -> set[str]:
    """Return the names of the fields that the schema has at `place`, a path from the whole file."""
    models = [model]
    for step in place:
        # A place in a list, or the kind of a union's member, leads no deeper.
        named = [at.model_fields[str(step)].annotation for at in models if step in at.model_fields]
        inner = [model for annotation in named for model in _models(annotation)]
        models = inner or models
    return {name for at in models for name in at.model_fields}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the schemas that an annotation speaks of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
