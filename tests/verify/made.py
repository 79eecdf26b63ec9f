"""Certificates made up for a real text, and scores made up for them."""

import pytest
import torch

from cramboard.certificate import CertificateFiles, Claim, issue
from cramboard.decoders import Decoder
from cramboard.keys import sha256_ids
from cramboard.reading import Reading, read
from cramboard.schema import MethodRef
from cramboard.tasks import load_task
from cramboard.verify.scoring import TokenScores, score

SPAN = 100


def certified(
    decoder: Decoder, span: int = SPAN, vector: torch.Tensor | None = None
) -> tuple[CertificateFiles, Reading]:
    """Return a certificate of a made-up vector `[1, d]`, and its sample."""
    task = load_task("speeches")
    reading = read(task, task.samples(limit=1)[0], decoder)
    return certified_reading(decoder, reading, span, vector), reading


def certified_reading(
    decoder: Decoder, reading: Reading, span: int, vectors: torch.Tensor | None = None, task: str = "speeches"
) -> CertificateFiles:
    """Return a certificate of a sample's vectors `[k, d]`; of a made-up one by default."""
    vectors = torch.ones(1, decoder.d) if vectors is None else vectors
    claim = Claim(reading.sample.id, reading.sample.sha256, sha256_ids(reading.tokens.ids[:span]), span)
    return issue(
        [(claim, vectors)], task=load_task(task).ref, decoder=decoder.ref,
        method=MethodRef(name="by-hand", settings={}), k=len(vectors), seed=0,
    )  # fmt: skip


def give(monkeypatch: pytest.MonkeyPatch, where: str, margins: dict[int, float]) -> None:
    """Let every token have a margin of 1, but for those of `margins`, in the scores with vectors."""

    def scored(decoder: Decoder, ids: torch.Tensor, vectors: torch.Tensor | None) -> TokenScores:
        found = torch.ones(len(ids))
        for place, margin in margins.items():
            if place < len(ids):
                found[place] = margin
        return TokenScores(found, score(decoder, ids, vectors).bits)

    monkeypatch.setattr(f"cramboard.verify.{where}.score", scored)
