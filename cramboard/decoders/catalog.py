"""Find a decoder by what a person types: a listed name, a local path, or a Hub id with its revision."""

import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from cramboard.errors import InputError, UsageError
from cramboard.home import typed_path
from cramboard.schema import DecoderSpec, GgufPackage, HubRepository, from_yaml_file

SPECS = Path(__file__).parent / "specs"


@dataclass(frozen=True)
class DecoderPlace:
    """Where a decoder's weights are to be had. Only a listed decoder (one with a `spec`) ranks."""

    name: str
    source: GgufPackage | HubRepository | Path
    spec: DecoderSpec | None = None

    @property
    def ranked(self) -> bool:
        """Whether results with this decoder may rank on the board."""
        return self.spec is not None


@cache
def decoder_names() -> tuple[str, ...]:
    """Return the names of the listed decoders."""
    return tuple(sorted(path.stem for path in SPECS.glob("*.yaml")))


def find_decoder(name: str, revision: str | None = None) -> DecoderPlace:
    """Find the decoder that `name` means; nothing is loaded.

    Args:
        name: A listed decoder, a local folder or GGUF file, or a Hub id (`organisation/name`).
        revision: The 40 hex digits of the Hub commit; needed for a Hub id, refused otherwise.

    Raises:
        UsageError: If `revision` is missing or does not belong.
        InputError: If nothing goes by that name.
    """
    hub_id = "/" in name and not name.startswith((".", "/", "~")) and not Path(name).exists()
    if revision is not None and not hub_id:
        raise UsageError(f"--revision goes with a Hub id, and {name!r} is not one; leave it out")
    if name in decoder_names():
        spec = from_yaml_file(DecoderSpec, SPECS / f"{name}.yaml", "decoder spec")
        return DecoderPlace(spec.name, spec.source, spec)
    if hub_id and re.fullmatch(r"[\w.-]+/[\w.-]+", name):
        if revision is None or not re.fullmatch(r"[0-9a-f]{40}", revision):
            raise UsageError(f"decoder {name!r}: give the commit with --revision (40 hex digits), so that it is pinned")
        return DecoderPlace(name, HubRepository(kind="hub", repository=name, revision=revision))
    path = typed_path(name)
    if path.is_dir() or (path.suffix == ".gguf" and path.is_file()):
        return DecoderPlace(path.resolve().stem if path.is_file() else path.resolve().name, path.resolve())
    close = get_close_matches(name, decoder_names(), 1)
    hint = f"; did you mean {close[0]}?" if close else "."
    raise InputError(
        f"unknown decoder {name!r}{hint} Listed: {', '.join(decoder_names())}. "
        "A local folder, a GGUF file, or a Hub id with --revision is taken too"
    )
