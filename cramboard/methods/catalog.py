"""Find a method by its name: a module of this package with a `METHOD`. A new method is a new file."""

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from difflib import get_close_matches
from typing import Any, Literal

from cramboard.errors import InputError, UsageError
from cramboard.methods.interface import AnyMethod, Made, Request
from cramboard.schema import Isolation, Layout, MethodRef

_NOT_METHODS = ("catalog", "engine", "interface", "published", "submitted")
_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


@dataclass(frozen=True)
class ChosenMethod:
    """A method with its settings fixed.

    Attributes:
        name: What certificates call it.
        preset: The named settings that these are, if they are.
        settings: All that can change its vectors.
        kind: What makes them.
        dtype: What the vectors are stored in.
        suffix: Constant token ids that the decoder reads behind the vectors.
        unit: Samples that it wants to make together; None leaves it to the device.
        isolation: How it is kept apart, if it is a submitted encoder.
    """

    name: str
    preset: str | None
    settings: Any
    kind: AnyMethod
    dtype: Literal["float32", "bfloat16"] = "float32"
    suffix: tuple[int, ...] = ()
    unit: int | None = None
    isolation: Isolation | None = None

    @property
    def ref(self) -> MethodRef:
        """What certificates say of this method: its name and every setting."""
        return MethodRef(name=self.name, settings=asdict(self.settings))

    @property
    def layout(self) -> Layout:
        """The layout in which the decoder is to read its vectors."""
        return self.kind.layout(self.settings)

    def read_behind(self, bos: Sequence[int]) -> tuple[int, ...]:
        """Return the ids that the decoder reads behind the vectors.

        Args:
            bos: What the decoder's tokenizer puts before every text; the bare layout, a protocol's own, has it there.
        """
        return self.suffix if self.layout == "anchored" else tuple(bos)

    def span(self, available: int, k: int) -> int:
        """Return how many of a text's `available` leading tokens the method is given."""
        return min(available, self.kind.span(self.settings, k))

    def make(self, request: Request) -> Made:
        """Make vectors for a batch."""
        return self.kind.make(self.settings, request)


def method_names() -> tuple[str, ...]:
    """Return the names of the methods that ship with cramboard."""
    import cramboard.methods as package

    found = (module.name for module in pkgutil.iter_modules(package.__path__))
    return tuple(sorted(name.replace("_", "-") for name in found if name not in _NOT_METHODS))


def choose_method(name: str, preset: str | None = None, overrides: Mapping[str, str] | None = None) -> ChosenMethod:
    """Return method `name` with a preset's settings and some of them overridden.

    Args:
        name: One of `method_names()`.
        preset: A preset's name; the method's first one by default.
        overrides: Setting -> value as typed.

    Raises:
        InputError: If there is no such method.
        UsageError: If there is no such preset or setting, or a value is not of its type.
    """
    if name not in method_names():
        close = get_close_matches(name, method_names(), 1)
        hint = f"; did you mean {close[0]}?" if close else "."
        raise InputError(
            f"unknown method {name!r}{hint} There are: {', '.join(method_names())}; "
            "a submission is given by its folder, as in submissions/NAME"
        )
    kind: AnyMethod = importlib.import_module(f"cramboard.methods.{name.replace('-', '_')}").METHOD
    chosen = preset or next(iter(kind.presets))
    if chosen not in kind.presets:
        raise UsageError(f"method {name} has no preset {chosen!r}; it has: {', '.join(kind.presets)}")
    settings = kind.presets[chosen]
    for field, value in (overrides or {}).items():
        settings = replace(settings, **{field: _typed(name, settings, field, value)})
    return ChosenMethod(name, None if overrides else chosen, settings, kind)


def _typed(method: str, settings: Any, field: str, value: str) -> bool | int | float | str:
    known = {item.name: type(getattr(settings, item.name)) for item in fields(settings)}
    if field not in known:
        raise UsageError(f"method {method} has no setting {field!r}; it has: {', '.join(sorted(known))}")
    kind = known[field]
    try:
        typed: bool | int | float | str = kind(value) if kind is not bool else {"true": True, "false": False}[value]
    except (ValueError, KeyError):
        raise UsageError(f"setting {field} of method {method}: {value!r} is not {_KINDS[kind]}") from None
    if isinstance(typed, (int, float)) and not isinstance(typed, bool) and not 0 <= typed < float("inf"):
        raise UsageError(f"setting {field} of method {method}: {value!r} must be a finite number, not below 0")
    return typed
