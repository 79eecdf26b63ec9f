"""Rows of their own lengths laid end to end, so that a short target never pays for a long one.

A row reads `[anchor] v_1..v_k suffix t_1 .. t_(target-1)`. Where everything lies is worked out on the device: one
recorded step serves all rows whose lengths together fit its room.
"""

from dataclasses import dataclass

import torch

from cramboard.decoders import Decoder

# Positions that one attention program works on.
BLOCK = 64


@dataclass(frozen=True)
class Frame:
    """What every row reads around its k vectors.

    Attributes:
        anchor: The token before them; None in the bare layout.
        k: Vectors a row.
        suffix: `[s]` int64: the tokens behind them, on the rows' device, mostly none.
    """

    anchor: int | None
    k: int
    suffix: torch.Tensor

    @classmethod
    def of(cls, decoder: Decoder, k: int) -> "Frame":
        """Return the frame of a decoder's layout."""
        suffix = torch.tensor(decoder.suffix, dtype=torch.long, device=decoder.device)
        return cls(decoder.anchor if decoder.layout == "anchored" else None, k, suffix)

    @property
    def first(self) -> int:
        """The position of v_1."""
        return int(self.anchor is not None)

    @property
    def before(self) -> int:
        """Positions before t_1; the last of them foretells it."""
        return self.first + self.k + len(self.suffix)


@dataclass(frozen=True)
class Packing:
    """Where the rows lie in `t` packed positions; the positions behind the last row are idle.

    Attributes:
        sources: `[t]` int64: what each position reads, a token id or -1 - i for vector i of all rows' vectors.
        positions: `[t]` int32: each position within its row.
        ids: `[t]` int64: the token that each position is to foretell.
        weights: `[t]` float32: its share in its row's mean loss; 0 where nothing is foretold.
        vectors: `[b k]` int64: where the vectors lie.
        foretold: `[b, n]` int64: where each row's tokens are foretold; beyond a row's target it means nothing.
        live: `[b]` booleans: rows that are read at all.
        block_starts: `[blocks]` int32: where each attention block's row begins.
        block_lengths: `[blocks]` int32: how long that row is; 0 for a block that is not needed.
        block_firsts: `[blocks]` int32: the block's first position within its row.
    """

    sources: torch.Tensor
    positions: torch.Tensor
    ids: torch.Tensor
    weights: torch.Tensor
    vectors: torch.Tensor
    foretold: torch.Tensor
    live: torch.Tensor
    block_starts: torch.Tensor
    block_lengths: torch.Tensor
    block_firsts: torch.Tensor

    @property
    def blocks(self) -> int:
        """Attention blocks, needed or not."""
        return len(self.block_starts)


def row_lengths(targets: torch.Tensor, frame: Frame) -> torch.Tensor:
    """Return the positions `[b]` that rows with these targets need: none for a target of 0."""
    return torch.where(targets > 0, targets + (frame.before - 1), 0)


def pack(ids: torch.Tensor, targets: torch.Tensor, frame: Frame, room: int, given: int = 0) -> Packing:
    """Lay rows end to end in `room` positions; they must fit.

    Args:
        ids: `[b, n]` token ids of the texts.
        targets: `[b]` leading tokens to foretell; 0 leaves a row out.
        frame: What every row reads around its vectors.
        room: Positions.
        given: Leading tokens of every row that are read and not scored.
    """
    b, n = ids.shape
    device = ids.device
    k, first, before = frame.k, frame.first, frame.before
    lengths = row_lengths(targets, frame)
    ends = lengths.cumsum(0)
    starts = ends - lengths
    index = torch.arange(room, device=device)
    row = torch.searchsorted(ends, index, right=True).clamp(max=b - 1)
    used = index < ends[-1:]
    position = torch.where(used, index - starts[row], 0)
    flat = ids.flatten()
    read = flat[row * n + (position - before).clamp(0, n - 1)]
    if len(frame.suffix):
        behind = position - first - k
        inside = (behind >= 0) & (position < before)
        read = torch.where(inside, frame.suffix[behind.clamp(0, len(frame.suffix) - 1)], read)
    if frame.anchor is not None:
        read = torch.where(position == 0, frame.anchor, read)
    vector = (position >= first) & (position < first + k)
    sources = torch.where(vector, -(row * k + position - first + 1), read)
    scored = used & (position >= before - 1 + given)
    target = targets[row] - given
    weights = torch.where(scored, 1.0 / target.clamp(min=1).float(), 0.0)

    blocks = -(-lengths // BLOCK)
    block_ends = blocks.cumsum(0)
    block = torch.arange(room // BLOCK + b, device=device)
    block_row = torch.searchsorted(block_ends, block, right=True).clamp(max=b - 1)
    needed = block < block_ends[-1:]
    columns = torch.arange(max(n, k), device=device)
    return Packing(
        sources=sources,
        positions=position.int(),
        ids=flat[row * n + (position - before + 1).clamp(0, n - 1)],
        weights=weights,
        vectors=(starts[:, None] + first + columns[None, :k]).clamp(max=room - 1).flatten(),
        foretold=(starts[:, None] + before - 1 + columns[None, :n]).clamp(max=room - 1),
        live=targets > 0,
        block_starts=starts[block_row].int(),
        block_lengths=torch.where(needed, lengths[block_row], 0).int(),
        block_firsts=((block - (block_ends - blocks)[block_row]) * BLOCK).int(),
    )
