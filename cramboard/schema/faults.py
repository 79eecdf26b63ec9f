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
_MOST_BITS = 4 * _MOST_SHOWN


def say(model: type[BaseModel], error: ValidationError) -> str:
    """Return what is wrong first, and the remedy: `unknown field decoder; did you mean decoders?`.

    A field with a wrong name comes before the field that is missing for it.
    """
    faults = error.errors(include_url=False)
    first = next((fault for fault in faults if fault["type"] == "extra_forbidden"), faults[0])
    path, parents = _walk(model, first["loc"])
    field = ".".join(map(str, path))
    if first["type"] == "extra_forbidden":
        known = sorted({name for parent in parents for name in parent.model_fields})
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
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return "a very long number"  # Python refuses to write thousands of digits.
    text = ascii(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}.."


def _wanted(fault: ErrorDetails) -> str | None:
    """Return what should have stood there, None if the fault's own message has no such words."""
    bounds = fault.get("ctx", {})
    match fault["type"]:
        case "string_pattern_mismatch":
            return _IN_WORDS.get(bounds["pattern"], f"text of the form {bounds['pattern']}")
        case "too_short":
            return f"{_parts(fault['input'])} {bounds['min_length']} or more"
        case "too_long":
            return f"{_parts(fault['input'])} at most {bounds['max_length']}"
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


def _parts(value: object) -> str:
    return "names with values," if isinstance(value, dict) else "a list of"


def _walk(model: type[BaseModel], place: Sequence[int | str]) -> tuple[list[int | str], list[type[BaseModel]]]:
    """Return a path from the whole file as the file has it, and the schemas that its last step may be a field of."""
    path: list[int | str] = []
    inside, parents = [model], [model]
    for step in place:
        if member := _of_kind(inside, step):  # pydantic's step, in no file
            inside = member
            continue
        path.append(step)
        parents = inside
        named = [at.model_fields[str(step)].annotation for at in inside if step in at.model_fields]
        inside = [found for annotation in named for found in _models(annotation)] or inside
    return path, parents


def _of_kind(union: Sequence[type[BaseModel]], kind: int | str) -> list[type[BaseModel]]:
    """Return the member of a union that a file chooses by its `kind`; nothing if these are not such a union."""
    if len(union) < 2 or not all("kind" in member.model_fields for member in union):
        return []
    return [member for member in union if kind in get_args(member.model_fields["kind"].annotation)]


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the schemas that an annotation speaks of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
