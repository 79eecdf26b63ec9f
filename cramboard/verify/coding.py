"""An arithmetic coder that a decoder drives: what its next-token distribution makes of a text, in bytes.

The line that is not a vector at all: coder efficiency compares stored bits with the surprisal, the size of an ideal
coder's code; this is a real one. Its bytes come within two of `surprisal / 8` and give the tokens back.

Both ways read the same tokens one at a time behind the anchor, with a KV cache, so that they compute every logit by the
same operations on the same shapes. That is needed: frequencies are made of float32 logits, and the smallest difference
between two computations of a logit doubles with every coded bit. Other hardware, kernels, threads or versions of torch
give garbage from some token on, without notice. A certificate's margins are there to bear such differences.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from cramboard.decoders import Decoder, float32_products
from cramboard.errors import InputError

# Frequencies of one step sum to this at most. With a vocabulary of 262,144 a token costs 0.0001 bits for it.
_TOTAL = 1 << 32
# The interval's ends are numbers of 64 bits, so that no token's share of it is ever empty.
_BITS = 64
_HALF, _QUARTER = 1 << (_BITS - 1), 1 << (_BITS - 2)


@torch.no_grad()
def encode(decoder: Decoder, ids: Sequence[int]) -> bytes:
    """Return the code of the tokens t_1..t_n under the decoder without vectors; n itself is not in it.

    Raises:
        InputError: If the decoder's context does not reach n tokens, or nothing in its layout foretells t_1.
    """
    _check(decoder, len(ids))
    foretold, writer = _Foretold(decoder), _Writer()
    for token in ids:
        writer.put(foretold.bounds(), token)
        foretold.read(token)
    return writer.finish()


@torch.no_grad()
def decode(decoder: Decoder, code: bytes, count: int) -> tuple[int, ...]:
    """Return the `count` tokens of a code. One that was made by other arithmetic gives other tokens, without notice.

    Raises:
        InputError: If the decoder's context does not reach `count` tokens, or nothing in its layout foretells t_1.
    """
    _check(decoder, count)
    foretold, reader = _Foretold(decoder), _Reader(code)
    ids = []
    for _ in range(count):
        ids.append(reader.take(foretold.bounds()))
        foretold.read(ids[-1])
    return tuple(ids)


def frequencies(logits: np.ndarray) -> np.ndarray:
    """Return whole numbers `[|V|]` int64 in proportion to the softmax of float32 logits `[|V|]`, none of them 0.

    `1 + floor(p (2^32 - |V|))` with p in float64; they sum to 2^32 at most.
    """
    weights = np.exp(logits.astype(np.float64) - float(logits.max()))
    shares: np.ndarray = (weights / weights.sum() * (_TOTAL - len(logits))).astype(np.int64) + 1
    return shares


def _check(decoder: Decoder, count: int) -> None:
    if not decoder.foretells_first:
        raise InputError(f"decoder {decoder.name}: its bare layout foretells no t_1; code in the anchored one")
    if count > decoder.room(0):
        raise InputError(
            f"{count} tokens are to be coded, and decoder {decoder.name} reads {decoder.room(0)}; code fewer of them"
        )


class _Foretold:
    """What the decoder foretells of the next token, after those that it has read."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._network = decoder.network(torch.float32).get_decoder()
        self._next = decoder.opening(1, None, torch.float32)
        self._cache = None

    def bounds(self) -> np.ndarray:
        """Return `[|V| + 1]` int64: token t's share of the whole reaches from the t-th to the next number."""
        with float32_products("highest"):
            output = self._network(inputs_embeds=self._next, past_key_values=self._cache, use_cache=True)
            self._cache = output.past_key_values
            logits = self._decoder.logits(output.last_hidden_state[0, -1])
        return np.concatenate([[0], frequencies(logits.cpu().numpy()).cumsum()])

    def read(self, token: int) -> None:
        """Read the token that was next."""
        ids = torch.tensor([[token]], device=self._decoder.device)
        self._next = self._decoder.embeddings(ids, torch.float32)


class _Interval:
    """The numbers of 64 bits that still fit what was coded, first to last; doubled when their first bit is settled."""

    def __init__(self) -> None:
        self.low, self.high = 0, (1 << _BITS) - 1

    def narrow(self, bounds: np.ndarray, token: int) -> Iterator[int]:
        """Keep the token's share; yield what is taken off before each doubling.

        That is 0 or half when the first bit is settled as 0 or 1, a quarter when only the second is settled as the
        first's opposite.
        """
        width, total = self.high - self.low + 1, int(bounds[-1])
        self.high = self.low + width * int(bounds[token + 1]) // total - 1
        self.low = self.low + width * int(bounds[token]) // total
        while True:
            if self.high < _HALF:
                taken = 0
            elif self.low >= _HALF:
                taken = _HALF
            elif self.low >= _QUARTER and self.high < _HALF + _QUARTER:
                taken = _QUARTER
            else:
                return
            self.low, self.high = 2 * (self.low - taken), 2 * (self.high - taken) + 1
            yield taken


class _Writer:
    """Writes the bits that are settled; one that waits for the next settled bit is that bit's opposite."""

    def __init__(self) -> None:
        self._interval = _Interval()
        self._bits: list[str] = []
        self._opposites = 0

    def put(self, bounds: np.ndarray, token: int) -> None:
        for taken in self._interval.narrow(bounds, token):
            if taken == _QUARTER:
                self._opposites += 1
            else:
                self._settle(taken == _HALF)

    def finish(self) -> bytes:
        """Return the code, ended by the bits that name a number of the interval, and zeros to the whole byte."""
        self._opposites += 1
        self._settle(self._interval.low >= _QUARTER)
        bits = "".join(self._bits)
        size = -(-len(bits) // 8)
        return int(bits.ljust(8 * size, "0"), 2).to_bytes(size, "big")

    def _settle(self, one: bool) -> None:
        self._bits.append("01"[one] + "10"[one] * self._opposites)
        self._opposites = 0


class _Reader:
    """Reads a code: its first 64 bits lie in the interval, and it ends in zeros without end."""

    def __init__(self, code: bytes) -> None:
        self._interval = _Interval()
        self._rest = iter(f"{int.from_bytes(code, 'big'):0{8 * len(code)}b}" if code else "")
        self._value = 0
        for _ in range(_BITS):
            self._shift()

    def take(self, bounds: np.ndarray) -> int:
        interval = self._interval
        width, total = interval.high - interval.low + 1, int(bounds[-1])
        place = ((self._value - interval.low + 1) * total - 1) // width
        token = int(np.searchsorted(bounds, place, side="right")) - 1
        for taken in interval.narrow(bounds, token):
            self._value -= taken
            self._shift()
        return token

    def _shift(self) -> None:
        self._value = 2 * self._value + int(next(self._rest, "0"))
