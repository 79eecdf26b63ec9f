"""Scores that no certificate changes: of a text without vectors, and behind the constant control.

Every method, k, span and seed asks for the same ones, so each loaded decoder keeps those that it has made. A decoder
that is loaded anew makes them anew: a later verification never rests on an earlier one's.
"""

from collections import OrderedDict
from typing import Any
from weakref import WeakKeyDictionary

import torch

from cramboard.decoders import Decoder
from cramboard.keys import sha256_bytes
from cramboard.schema import DecoderRef
from cramboard.verify.scoring import TokenScores, score

# Scores that a decoder keeps: 2,048 tokens take 25 kB.
KEPT = 2048

_Key = tuple[DecoderRef, str, str | None, int]
# By the loaded network, which a decoder shares with itself in other layouts.
_kept: WeakKeyDictionary[Any, OrderedDict[_Key, TokenScores]] = WeakKeyDictionary()


def kept_score(decoder: Decoder, ids: torch.Tensor, vectors: torch.Tensor | None) -> TokenScores:
    """Return `score(decoder, ids, vectors)`, made once for a loaded decoder, these bytes and this number of threads.

    On another device or with other attention kernels it is loaded for itself; its layout is in its `ref`.
    """
    scores = _kept.setdefault(decoder.network(torch.float32), OrderedDict())
    # Threads share sums out among them, which may move a last digit.
    key = (decoder.ref, _sha256(ids), None if vectors is None else _sha256(vectors), torch.get_num_threads())
    if key in scores:
        scores.move_to_end(key)
        return scores[key]
    scores[key] = score(decoder, ids, vectors)
    if len(scores) > KEPT:
        scores.popitem(last=False)
    return scores[key]


def _sha256(tensor: torch.Tensor) -> str:
    return sha256_bytes(tensor.cpu().contiguous().numpy().tobytes() + str(list(tensor.shape)).encode())
