"""What a task is built with: the rule that `task.yaml` names."""

import importlib
import pkgutil
from typing import Protocol, cast, runtime_checkable

from cramboard.errors import InputError
from cramboard.schema import ManifestLine, TaskSpec
from cramboard.tasks import builders
from cramboard.tasks.builders.passages import Passages
from cramboard.tasks.plan import Plan
from cramboard.tasks.sources import Source


class Builder(Protocol):
    """A module of `cramboard.tasks.builders`, or what one makes of the rule in task.yaml."""

    def draw(self, source: Source, plan: Plan) -> list[tuple[ManifestLine, str]]:
        """Return every sample that the plan asks for with its text, in manifest order."""

    def cut(self, source: Source, line: ManifestLine) -> str:
        """Return the text of one sample."""


@runtime_checkable
class DrawsWords(Protocol):
    """A builder whose texts are words drawn uniformly, joined by single spaces: the source entropy is known."""

    def vocabulary(self, source: Source) -> tuple[str, ...]:
        """Return the words, sorted."""


def builder_of(spec: TaskSpec) -> Builder:
    """Return what a task is built with.

    Raises:
        InputError: If there is no builder of that name.
    """
    if spec.passages is not None:
        return Passages(spec.name, spec.passages)
    names = sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(builders.__path__))
    if spec.builder not in names:
        raise InputError(f"unknown builder {spec.builder!r}; there are: {', '.join(names)}; correct it in task.yaml")
    return cast(Builder, importlib.import_module(f"{builders.__name__}.{spec.builder.replace('-', '_')}"))
