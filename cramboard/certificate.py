"""A certificate: the vectors and what they claim to hold, each protected against a changed byte.

`vectors.safetensors` holds float tensors `[k, d]` and nothing else; `certificate.json` names, for each sample,
its tensor, and carries the sha256 of the vectors' bytes and of its own fields. Its bytes are canonical: a file
that is not exactly what cramboard would write is refused.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cramboard.errors import InputError
from cramboard.files import read_bytes, read_text
from cramboard.keys import key, sha256_bytes
from cramboard.schema import Certificate, CertificateEntry, DecoderRef, MethodRef, TaskRef, from_json, to_json
from cramboard.tensors import load_tensors

if TYPE_CHECKING:
    import torch

CERTIFICATE = "certificate.json"
VECTORS = "vectors.safetensors"


@dataclass(frozen=True)
class Claim:
    """What one sample's vectors claim: that they hold the leading `span` tokens of this text."""

    sample: str
    text_sha256: str
    tokens_sha256: str
    span: int


@dataclass(frozen=True)
class CertificateFiles:
    """A certificate with its vectors, float32 on the CPU: tensor name -> `[k, d]`."""

    certificate: Certificate
    vectors: dict[str, "torch.Tensor"]

    def of(self, entry: CertificateEntry) -> "torch.Tensor":
        """Return the entry's vectors, `[k, d]` float32."""
        return self.vectors[entry.tensor]

    def contents(self) -> dict[str, bytes]:
        """Return the two files' bytes by name."""
        return {
            VECTORS: _vector_bytes(self.vectors, self.certificate.dtype),
            CERTIFICATE: render(self.certificate),
        }


def claim_key(claim: Claim, task: TaskRef, decoder: DecoderRef, method: MethodRef, k: int, seed: int) -> str:
    """Return a claim's content key: what it is about and how it is made, not where, when or beside what."""
    return key(
        {
            "sample": [task.name, claim.sample, claim.text_sha256, claim.tokens_sha256],
            "span": claim.span,
            "decoder": decoder.tensors_sha256,
            "layout": [decoder.layout, decoder.anchor, *([list(decoder.suffix)] if decoder.suffix else [])],
            "method": [method.name, method.settings],
            "k": k,
            "seed": seed,
        }
    )


def issue(
    claims: Iterable[tuple[Claim, "torch.Tensor"]],
    *,
    task: TaskRef,
    decoder: DecoderRef,
    method: MethodRef,
    k: int,
    seed: int,
    dtype: Literal["float32", "bfloat16"] = "float32",
) -> CertificateFiles:
    """Write a certificate for claims and their vectors `[k, d]`.

    Samples with equal vectors share one tensor. The order of the claims carries nothing: entries are sorted.
    """
    import torch

    entries, vectors, d = [], {}, 1
    for claim, tensor in sorted(claims, key=lambda pair: (pair[0].sample, pair[0].span)):
        stored = tensor.detach().cpu().to(getattr(torch, dtype)).float().contiguous()
        d = stored.shape[1]
        name = _tensor_name(stored)
        vectors[name] = stored
        entries.append(
            CertificateEntry(
                sample=claim.sample,
                text_sha256=claim.text_sha256,
                tokens_sha256=claim.tokens_sha256,
                span=claim.span,
                tensor=name,
                key=claim_key(claim, task, decoder, method, k, seed),
            )
        )
    unsigned = Certificate(
        task=task,
        decoder=decoder,
        method=method,
        k=k,
        d=d,
        dtype=dtype,
        seed=seed,
        vectors_sha256=sha256_bytes(_vector_bytes(vectors, dtype)),
        entries=tuple(entries),
        sha256="0" * 64,
    )
    return CertificateFiles(unsigned.model_copy(update={"sha256": _own_sha256(unsigned)}), vectors)


def merge(parts: Iterable[CertificateFiles]) -> CertificateFiles:
    """Join certificates of one run into one."""
    parts = list(parts)
    first = parts[0].certificate
    claims = [
        (Claim(e.sample, e.text_sha256, e.tokens_sha256, e.span), part.of(e))
        for part in parts
        for e in part.certificate.entries
    ]
    return issue(
        claims, task=first.task, decoder=first.decoder, method=first.method, k=first.k, seed=first.seed,
        dtype=first.dtype,
    )  # fmt: skip


def render(certificate: Certificate) -> bytes:
    """Return the bytes of certificate.json."""
    return to_json(certificate).encode("utf-8")


def load_certificate(folder: Path) -> CertificateFiles:
    """Read and check the certificate in `folder`.

    Raises:
        InputError: If a file is missing, or a byte of either is not what was issued, or a tensor is not a finite
            `[k, d]` array of the declared dtype, or tensors and entries do not match one to one.
    """
    path, vectors_path = folder / CERTIFICATE, folder / VECTORS
    text = read_text(path, "certificate")
    certificate = from_json(Certificate, text, str(path))
    if certificate.sha256 != _own_sha256(certificate) or text.encode("utf-8") != render(certificate):
        raise InputError(f"{path}: its bytes are not the ones that were issued (sha256 differs); restore the file")
    method, task, decoder = certificate.method, certificate.task, certificate.decoder
    for entry in certificate.entries:
        claim = Claim(entry.sample, entry.text_sha256, entry.tokens_sha256, entry.span)
        if entry.key != claim_key(claim, task, decoder, method, certificate.k, certificate.seed):
            raise InputError(
                f"{path}: the key of sample {entry.sample} does not follow from its fields; restore the file"
            )
    if len({(entry.sample, entry.span) for entry in certificate.entries}) != len(certificate.entries):
        raise InputError(f"{path}: a sample occurs twice at one span; remove one")
    data = read_bytes(vectors_path, "vectors file")
    if sha256_bytes(data) != certificate.vectors_sha256:
        raise InputError(
            f"{vectors_path}: its bytes are not the ones that were issued (sha256 differs); restore the file"
        )
    return CertificateFiles(certificate, _read_vectors(data, vectors_path, certificate))


def _read_vectors(data: bytes, path: Path, certificate: Certificate) -> dict[str, "torch.Tensor"]:
    import torch

    tensors = load_tensors(data, path)
    named = {entry.tensor for entry in certificate.entries}
    if set(tensors) != named:
        odd = sorted(set(tensors) ^ named)[0]
        raise InputError(f"{path}: tensor {odd!r} is not both in the file and in certificate.json")
    shape, dtype = [certificate.k, certificate.d], getattr(torch, certificate.dtype)
    for name, tensor in tensors.items():
        if list(tensor.shape) != shape or tensor.dtype != dtype:
            raise InputError(
                f"{path}: tensor {name!r} is {str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}, "
                f"certificate.json says {certificate.dtype} {shape}"
            )
        if not bool(torch.isfinite(tensor).all()):
            raise InputError(f"{path}: tensor {name!r} holds a NaN or an infinity; every number must be finite")
    vectors = {name: tensor.float() for name, tensor in tensors.items()}
    for name, tensor in vectors.items():
        if name != _tensor_name(tensor):
            raise InputError(f"{path}: tensor {name!r} is not named after its content ({_tensor_name(tensor)})")
    if _vector_bytes(vectors, certificate.dtype) != data:
        raise InputError(f"{path}: holds more than its tensors (metadata or padding); write it with safetensors alone")
    return vectors


def _vector_bytes(vectors: dict[str, "torch.Tensor"], dtype: str) -> bytes:
    import torch
    from safetensors.torch import save

    target: Any = getattr(torch, dtype)
    return bytes(save({name: vectors[name].to(target) for name in sorted(vectors)}))


def _tensor_name(tensor: "torch.Tensor") -> str:
    """Name a tensor after its content, so that names carry nothing."""
    return sha256_bytes(tensor.numpy().tobytes())[:16]


def _own_sha256(certificate: Certificate) -> str:
    return key(certificate.model_dump(mode="json", exclude={"sha256"}))
