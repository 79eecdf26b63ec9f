"""What vectors claim, and whose they are."""

from typing import Annotated, Literal

from pydantic import Field

from cramboard.schema.base import Boundary, Name, SampleId, Sha256, Strict
from cramboard.schema.tasks import TaskRef

Layout = Literal["anchored", "bare"]
"""What is read before the vectors: `anchored`, the decoder's anchor; `bare`, nothing. Only `anchored` ranks."""


class DecoderRef(Strict):
    """Which decoder: its tensors as they are computed with, and its layout.

    `anchored` is `[anchor] v_1..v_k suffix t_1 t_2 ..`, `bare` the same without the anchor. The suffix, constant token
    ids behind the vectors, is empty unless a submission declares one or, in the bare layout, the decoder's tokenizer
    puts tokens before every text; an empty one is not written.
    """

    name: str
    tensors_sha256: Sha256
    anchor: int
    layout: Layout = "anchored"
    suffix: Annotated[
        tuple[Annotated[int, Field(ge=0)], ...], Field(max_length=8, exclude_if=lambda suffix: not suffix)
    ] = ()


class MethodRef(Strict):
    """Which method made the vectors, with every setting that could change them."""

    name: Name
    settings: dict[str, bool | int | float | str]


class CertificateEntry(Strict):
    """One sample's vectors: `tensor` names its `[k, d]` array in vectors.safetensors.

    `text_sha256` is of the sample's content, as in the manifest.
    """

    sample: SampleId
    text_sha256: Sha256
    tokens_sha256: Sha256
    span: Annotated[int, Field(ge=1)]
    tensor: str
    key: Sha256


class Certificate(Boundary):
    """`certificate.json`: what the vectors beside it claim to hold. `sha256` covers every other field."""

    task: TaskRef
    decoder: DecoderRef
    method: MethodRef
    k: Annotated[int, Field(ge=1)]
    d: Annotated[int, Field(ge=1)]
    dtype: Literal["float32", "bfloat16"]
    seed: int
    vectors_sha256: Sha256
    entries: tuple[CertificateEntry, ...]
    sha256: Sha256
