"""Every measure of the benchmark, as a pure function.

Tensors are per token, t_1 first: `margins` in logits, `bits` in bits. n counts tokens; gains are in bits for all
k vectors together. Sources: Kuratov et al. 2025 (ACL, arXiv 2502.13063) where named, else cramboard's own.
"""

import math

import torch

# A later verification confirms a horizon between these two margins.
CONFIRM_STRICT, CONFIRM_LOOSE = 0.06, 0.04
# Widths in bits of a stored number, and of the scale that each integer vector carries.
STORED_BITS = {"float32": 32, "bfloat16": 16, "int8": 8, "int4": 4}
_LEVELS = {"int8": 127, "int4": 7}
_SCALE_BITS = 32


def token_margins(logits: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """Return `z[t_i] - max_{j != t_i} z[j]` for each token, `[n]`; positive means the argmax is right.

    Args:
        logits: `[n, |V|]`.
        ids: `[n]`.
    """
    own = logits.gather(-1, ids[:, None])[:, 0]
    others = logits.scatter(-1, ids[:, None], float("-inf")).amax(-1)
    return own - others


def surprisal_bits(logits: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """Return `-log2 p(t_i)` for each token, `[n]` float64 on the CPU, from logits `[n, |V|]`.

    The log-sum-exp is taken in the logits' own dtype, the sum over tokens is left to float64.
    """
    own = logits.gather(-1, ids[:, None])[:, 0]
    return (logits.logsumexp(-1) - own).cpu().double() / math.log(2)


def horizon(margins: torch.Tensor, threshold: float) -> int:
    """Return h(threshold): the number of leading tokens with a margin of at least `threshold` logits.

    The horizon of a certificate is h(0.05), the longest certified prefix. A NaN, of logits that overflowed, ends it.
    """
    return _leading(margins >= threshold)


def argmax_horizon(margins: torch.Tensor) -> int:
    """Return the number of leading tokens whose argmax is right, whatever the margin (a tie is not)."""
    return _leading(margins > 0)


def _leading(right: torch.Tensor) -> int:
    """Return the number of leading tokens that are right, of `[n]` booleans."""
    failed = (~right).nonzero()
    return int(failed[0]) if len(failed) else len(right)


def confirms(margins: torch.Tensor, h: int) -> bool:
    """Say whether a verification with these margins confirms the horizon h: `h(0.06) <= h <= h(0.04)`."""
    return horizon(margins, CONFIRM_STRICT) <= h <= horizon(margins, CONFIRM_LOOSE)


def recovered_bits(bits_without: torch.Tensor, h: int, source_bits: float | None) -> float:
    """Return `sum_{i<=h} -log2 p(t_i | anchor, t_<i)`: what exact recovery of h tokens delivers.

    Where the source that drew the h tokens is known, they carry no more than its entropy for them: what the decoder's
    surprisal has beyond `source_bits` is its own bad guess, and is not counted.
    """
    surprisal = float(bits_without[:h].sum())
    return surprisal if source_bits is None else min(surprisal, source_bits)


def information_gain(bits_without: torch.Tensor, bits_with: torch.Tensor, n: int) -> float:
    """Return the bits that the vectors take off the cross-entropy of the first n tokens; may be negative.

    `sum_{i<=n} log2 p(t_i | anchor, V, t_<i) - log2 p(t_i | anchor, t_<i)`. Kuratov et al. give it in nats.
    """
    return float((bits_without[:n] - bits_with[:n]).sum())


def accuracy(margins: torch.Tensor, n: int) -> float:
    """Return the share of the first n tokens whose argmax is right, each behind the true prefix."""
    return float((margins[:n] > 0).double().mean())


def token_gain(margins_without: torch.Tensor, margins_with: torch.Tensor, n: int) -> float:
    """Return the tokens that are right with the vectors less those right without (Kuratov et al., section 3)."""
    return float((margins_with[:n] > 0).sum() - (margins_without[:n] > 0).sum())


def theoretical_capacity(k: int, d: int, vocabulary: int) -> float:
    """Return `16 k d / log2 |V|` tokens: k vectors of 16-bit numbers, uniform tokens (Kuratov et al., section 5)."""
    return 16 * k * d / math.log2(vocabulary)


def utilisation(gained_tokens: float, k: int, d: int, vocabulary: int) -> float:
    """Return token gain / theoretical capacity (Kuratov et al., section 5)."""
    return gained_tokens / theoretical_capacity(k, d, vocabulary)


def stored_bits(k: int, d: int, dtype: str) -> int:
    """Return the bits of k vectors of d numbers: payload, and a float32 scale a vector for the integer dtypes."""
    return k * d * STORED_BITS[dtype] + (k * _SCALE_BITS if dtype in _LEVELS else 0)


def density(recovered: float, k: int, d: int) -> float:
    """Return recovered bits per number of the vectors, `recovered / (k d)`."""
    return recovered / (k * d)


def coder_efficiency(recovered: float, stored: int) -> float:
    """Return recovered bits / stored bits."""
    return recovered / stored


def coder_bound(bits_without: torch.Tensor, stored: int) -> int | None:
    """Return the smallest n whose surprisal exceeds `stored` bits, or None if the scored tokens end before that.

    An ideal entropy coder with the same decoder fits the n - 1 tokens before it into the same bits.
    """
    over = (bits_without.cumsum(0) > stored).nonzero()
    return int(over[0]) + 1 if len(over) else None


def quantise(vectors: torch.Tensor, dtype: str) -> torch.Tensor:
    """Return `[k, d]` float32 vectors as they come back from storage in `dtype`.

    Integers are symmetric: scale = absmax / 127 (int8) or / 7 (int4) a vector in float32, round half to even.
    """
    if dtype in _LEVELS:
        levels = _LEVELS[dtype]
        scale = vectors.abs().amax(-1, keepdim=True) / levels
        return (vectors / scale.clamp(min=torch.finfo(torch.float32).tiny)).round().clamp(-levels, levels) * scale
    return vectors.to(getattr(torch, dtype)).float()
