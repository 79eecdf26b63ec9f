"""Read what an encoder wrote: everything about the file is checked before one of its numbers is looked at."""

import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from cramboard.errors import SubmissionError

if TYPE_CHECKING:
    import torch

OUTPUT = "vectors.safetensors"
# The head of a safetensors file with one tensor takes about 100 bytes.
_HEADER_BYTES = 1024


def size_limit(texts: int, k: int, d: int) -> int:
    """Return the most bytes that the file of vectors for so many texts may have."""
    return 8 + _HEADER_BYTES + 4 * texts * k * d


def read_vectors(slug: str, folder: Path, texts: int, k: int, d: int) -> "torch.Tensor":
    """Return the vectors `[texts, k, d]` float32 that lie in `folder`.

    Raises:
        SubmissionError: If there is anything but one safetensors file with the one tensor `vectors` of this shape in
            float32, or a number is not finite.
    """
    import torch

    data = _read(slug, folder, size_limit(texts, k, d))
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > _HEADER_BYTES or len(data) < 8 + length:
        raise _refused(slug, "is not a safetensors file")
    _check_header(slug, data[8 : 8 + length], [texts, k, d])
    body = data[8 + length :]
    if len(body) != 4 * texts * k * d:
        raise _refused(slug, f"has {len(body)} bytes of numbers, [{texts}, {k}, {d}] float32 takes {4 * texts * k * d}")
    if not body:
        return torch.empty(texts, k, d)
    vectors = torch.frombuffer(bytearray(body), dtype=torch.float32).view(texts, k, d)
    if not bool(torch.isfinite(vectors).all()):
        raise _refused(slug, "holds a NaN or an infinity; every number must be finite")
    return vectors


def _read(slug: str, folder: Path, most: int) -> bytes:
    names = sorted(os.listdir(folder))  # noqa: PTH208 (names alone: nothing is followed)
    if names != [OUTPUT]:
        raise SubmissionError(f"submission {slug}: its encoder left {names[:3]} behind, not {OUTPUT} alone")
    try:
        # A link or a pipe in its place is not followed and not waited for.
        descriptor = os.open(folder / OUTPUT, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        raise _refused(slug, "is not a plain file") from None
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise _refused(slug, "is not a plain file")
        if facts.st_size > most:
            raise _refused(slug, f"has {facts.st_size} bytes, at most {most} are expected")
        return file.read(most)


def _check_header(slug: str, header: bytes, shape: list[int]) -> None:
    try:
        named = json.loads(header)
    except (ValueError, RecursionError):
        raise _refused(slug, "is not a safetensors file") from None
    if not isinstance(named, dict) or set(named) != {"vectors"} or not isinstance(named["vectors"], dict):
        raise _refused(slug, "holds more, or other, than the tensor 'vectors': no further tensor, no metadata")
    tensor, size = named["vectors"], 4 * shape[0] * shape[1] * shape[2]
    if tensor.get("dtype") != "F32" or tensor.get("shape") != shape:
        raise _refused(slug, f"holds {tensor.get('dtype')} {tensor.get('shape')}, not F32 {shape}")
    if tensor != {"dtype": "F32", "shape": shape, "data_offsets": [0, size]}:
        raise _refused(slug, "has a head with more than dtype, shape and offsets")


def _refused(slug: str, why: str) -> SubmissionError:
    return SubmissionError(f"submission {slug}: the file that its encoder wrote {why}")
