"""The samples that a protocol is optimising now: a fixed number of slots on the device, each with a life of its own."""

from dataclasses import dataclass

import torch

from cramboard.decoders import Decoder
from cramboard.methods.engine.adam import Adam
from cramboard.methods.engine.objective import finite
from cramboard.methods.engine.passes import Pass
from cramboard.methods.engine.seats import Seats
from cramboard.methods.published.recipe import Recipe, Seen


@dataclass(frozen=True)
class Kept:
    """What a finished sample leaves: its vectors `[k, d]`, and what the protocol says of them.

    Attributes:
        vectors: The ones that the rule kept; where it never kept any, the first.
        tokens: Their length as the protocol counts it.
        right: Scored tokens that were right.
        scored: Scored tokens.
        loss_nats: Mean cross-entropy of a scored token.
        steps: Steps taken.
    """

    vectors: torch.Tensor
    tokens: int
    right: int
    scored: int
    loss_nats: float
    steps: int

    @property
    def horizon(self) -> int:
        """The tokens that were right."""
        return self.right


class ProtocolSlots:
    """Moves the vectors of up to `count` samples at once by a recipe.

    A slot's whole course depends on its sample alone: its rate follows its own steps, and a step that does not fit
    the room is no step for anybody.
    """

    def __init__(
        self, recipe: Recipe, a_pass: Pass, count: int, k: int, n: int, decoder: Decoder, like: torch.Tensor
    ) -> None:
        device = like.device
        self._recipe, self._pass = recipe, a_pass
        self._form = recipe.form(count, k, decoder, like)
        self._rule = recipe.rule(count, device)
        self._adam = Adam(self._form.tensors, *recipe.betas, recipe.decay)
        self._seats = Seats(a_pass, count, n, recipe.rates, like)
        self.ids = self._seats.ids
        whole = torch.zeros(count, device=device, dtype=torch.long)
        self._tokens, self._right, self._scored = (whole.clone() for _ in range(3))
        self._loss, self._least = (like.new_zeros(count) for _ in range(2))
        self._kept = like.new_zeros(count, k, decoder.d)

    def begin(self, row: int, sample: str, ids: tuple[int, ...], seed: int) -> None:
        """Seat a sample in slot `row`."""
        self._form.begin(row, sample, seed)
        self._adam.begin(row)
        self._seats.sit(row, ids, self._rule.begin(row, len(ids)))
        for count in (self._tokens, self._right, self._scored):
            count[row] = 0
        self._least[row] = float("inf")

    def take(self, row: int) -> Kept:
        """Return what the finished sample in slot `row` leaves; the slot is free then."""
        self._seats.live[row] = False
        counts = (self._tokens, self._right, self._scored, self._seats.steps)
        tokens, right, scored, steps = (int(count[row]) for count in counts)
        loss = self._least if self._recipe.mixed else self._loss
        return Kept(self._kept[row].clone(), tokens, right, scored, float(loss[row]), steps)

    def observe(self) -> torch.Tensor:
        """Return `[count + 1, 3]` int64: each slot's life, tokens right and steps; in the last row the room needed."""
        return self._seats.observe(self._right)

    @torch.no_grad()
    def step(self, room: int) -> None:
        """Take one step with every live slot, if together they fit the room."""
        active, targets = self._seats.called(room)
        measured = self._form.vectors()
        gradients, margins, losses = self._pass(self.ids, measured, targets, 1.0, room)
        right, scored, loss = self._measure(margins, losses, targets)
        rates = self._seats.advance(active)
        self._adam.step(self._form.pull_back(finite(gradients)), rates, self._seats.steps, active)
        verdict = self._rule.judge(Seen(active, self._seats.steps, targets, self._seats.lengths, right, scored))
        keep = active & (verdict.keep | (self._seats.steps == 1))
        vectors = self._form.vectors() if self._recipe.late else measured
        self._kept.copy_(torch.where(keep[:, None, None], vectors, self._kept))
        for kept, new in (
            (self._tokens, verdict.tokens), (self._right, right), (self._scored, scored), (self._loss, loss),
        ):  # fmt: skip
            kept.copy_(torch.where(keep, new, kept))
        self._least.copy_(torch.where(active, torch.fmin(self._least, loss), self._least))
        self._seats.targets.copy_(torch.where(active, verdict.targets, self._seats.targets))
        self._seats.live.copy_(self._seats.live & (verdict.going | ~active))

    def _measure(
        self, margins: torch.Tensor, losses: torch.Tensor, targets: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return tokens right, tokens scored and the mean loss of each row, `[b]`."""
        positions = torch.arange(margins.shape[1], device=margins.device)
        inside = (positions >= self._recipe.given) & (positions < targets[:, None])
        scored = (targets - self._recipe.given).clamp(min=0)
        loss = torch.where(inside, losses, 0.0).sum(1).to(self._loss.dtype) / scored.clamp(min=1)
        return (inside & (margins > 0)).sum(1), scored, loss
