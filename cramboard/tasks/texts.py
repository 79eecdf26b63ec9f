"""Where a task's texts are had from, in order; whatever the way, they are the bytes of the manifest or an error.

The cache of this machine is looked into first, then the published dataset at its pinned revision, then the texts
are built from the task's source. A task whose source needs no network (an installed package, seeds) is cut from
it at once, which costs less than looking anywhere else. A place that fails is named in one line on stderr, and
the next one is tried.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from cramboard.errors import CramboardError, InputError, MachineError, warn
from cramboard.hub import offline
from cramboard.keys import sha256_text
from cramboard.schema import ManifestLine, PackageSource, SeedSource, TaskSpec
from cramboard.tasks.building import builder_of
from cramboard.tasks.cache import cached_text, keep_texts
from cramboard.tasks.dataset import read_dataset
from cramboard.tasks.published.reading import Published
from cramboard.tasks.sources import open_source

_NAMED = 5


class Place(Protocol):
    """Somewhere to have texts from; its name is what `str` gives. `keep`: worth keeping in the cache."""

    keep: ClassVar[bool]

    def fill(self, lines: Sequence[ManifestLine], texts: dict[str, str]) -> None:
        """Add to `texts` what is here of `lines`; every text is put under the sha256 that it really has.

        Raises:
            InputError, MachineError: If some of `lines` should be here and are not; what is, has been added.
        """


def load_texts(spec: TaskSpec, lines: Sequence[ManifestLine]) -> dict[str, str]:
    """Return the text of every one of `lines`, by its sha256.

    Raises:
        InputError: If a text is not to be had as the manifest has it; the line says what was tried.
        MachineError: The same, and something of the machine (the network, a package) was in the way.
    """
    texts: dict[str, str] = {}
    failures: list[CramboardError] = []
    for place in _places(spec):
        missing = [line for line in lines if line.sha256 not in texts]
        if not missing:
            return texts
        if failures and not isinstance(place, Cache):  # A look into the cache is not worth a word.
            warn(f"task {spec.name}: {failures[-1]}; trying {place}")
        known = set(texts)
        try:
            place.fill(missing, texts)
        except (InputError, MachineError) as failure:
            failures.append(failure)
        if place.keep:
            keep_texts({sha256: text for sha256, text in texts.items() if sha256 not in known})
    if missing := [line for line in lines if line.sha256 not in texts]:
        raise _not_to_be_had(spec, missing, failures)
    return texts


def _places(spec: TaskSpec) -> Iterator[Place]:
    at_hand = isinstance(spec.source, PackageSource | SeedSource)
    if at_hand:
        yield AtHand(spec)
    yield Cache()
    pin = read_dataset().hub
    if pin is not None and not offline():
        yield Published(pin, spec.name)
    if not at_hand:
        yield Built(spec)


class Cache:
    """The texts that this machine has kept. That one is not here is no failure."""

    keep: ClassVar[bool] = False

    def __str__(self) -> str:
        return "the cache"

    def fill(self, lines: Sequence[ManifestLine], texts: dict[str, str]) -> None:
        """Add to `texts` those that are kept whole."""
        for line in lines:
            if (text := cached_text(line.sha256)) is not None:
                texts[line.sha256] = text


@dataclass(frozen=True)
class Built:
    """The texts cut from the task's own source."""

    spec: TaskSpec
    keep: ClassVar[bool] = True

    def __str__(self) -> str:
        return f"the source, {self.spec.source}"

    def fill(self, lines: Sequence[ManifestLine], texts: dict[str, str]) -> None:
        """Add to `texts` those that the rule cuts from the source as the manifest has them.

        Raises:
            InputError, MachineError: If some cannot be cut, with the reason of the first of them.
        """
        source = open_source(self.spec.source)
        builder = builder_of(self.spec)
        failures: list[CramboardError] = []
        for line in lines:
            try:
                text = builder.cut(source, line)
                if sha256_text(text) != line.sha256:
                    raise InputError(
                        f"the text is not the one of the manifest; its source, {self.spec.source}, holds other "
                        "bytes: install or fetch it anew"
                    )
                texts[line.sha256] = text
            except (InputError, MachineError) as failure:
                failures.append(failure)
        if failures:
            raise failures[0]


class AtHand(Built):
    """The same of a source that is on this machine: nothing of it needs to be kept once more."""

    keep: ClassVar[bool] = False


def _not_to_be_had(
    spec: TaskSpec, missing: Sequence[ManifestLine], failures: Sequence[CramboardError]
) -> CramboardError:
    names = ", ".join(line.id for line in missing[:_NAMED])
    names += f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
    tried = "; ".join(str(failure) for failure in failures)
    unasked = " (this is offline: the Hub was not asked)" if offline() else ""
    kind = next((type(failure) for failure in failures if isinstance(failure, MachineError)), InputError)
    return kind(f"{'sample' if len(missing) == 1 else 'samples'} {names} of task {spec.name}: {tried}{unasked}")
