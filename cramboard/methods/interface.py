"""What a method is given and what it gives back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from cramboard.errors import UsageError
from cramboard.schema import CurvePoint, Layout, ProtocolClaim

if TYPE_CHECKING:
    import torch

    from cramboard.decoders import Decoder

__all__ = ["Assignment", "CurvePoint", "Made", "MethodKind", "Report", "Request", "at_least", "below", "span_a_vector"]

Settings = TypeVar("Settings")


@dataclass(frozen=True)
class Assignment:
    """One sample to hold: its id, its leading `span` tokens and their plain text.

    `text` is None where the tokens are drawn as ids: a method that `needs_text` is never asked for such.
    """

    sample: str
    ids: tuple[int, ...]
    text: str | None


class Report(Protocol):
    """Told now and then how far a method is; must be quick."""

    def __call__(self, step: int, steps: int, horizons: Sequence[int]) -> None:
        """Hear that `step` of `steps` is done and what each assignment's horizon is so far."""


@dataclass(frozen=True)
class Request:
    """A batch of assignments for one decoder.

    Attributes:
        assignments: The texts; each gets vectors of its own.
        decoder: The frozen decoder.
        k: Vectors a text.
        seed: Of everything random.
        dtype: What a search computes in.
        others: The same task's tuning samples, for methods that learn from other texts.
        report: Told of progress.
    """

    assignments: tuple[Assignment, ...]
    decoder: "Decoder"
    k: int
    seed: int
    dtype: "torch.dtype"
    others: Callable[[int], Sequence[Assignment]]
    report: Report


@dataclass(frozen=True)
class Made:
    """What a method gives back.

    Attributes:
        vectors: `[k, d]` float32 for each assignment in order.
        curve: The anytime curve of their making.
        seconds: What the making took, where that is not the time that the call took.
        start_seconds: What it took before it had the texts, not in `seconds`.
        claims: A published protocol's own account of each assignment, in order; no other method makes any.
    """

    vectors: tuple["torch.Tensor", ...]
    curve: tuple[CurvePoint, ...] = ()
    seconds: float | None = None
    start_seconds: float = 0.0
    claims: tuple[ProtocolClaim, ...] = ()


def _anchored(settings: object) -> Layout:
    return "anchored"


@dataclass(frozen=True)
class MethodKind(Generic[Settings]):
    """A method: `METHOD` of its module.

    Attributes:
        presets: Named settings (frozen dataclasses of plain values); the first is the default.
        span: How many leading tokens it asks for with k vectors. A shorter text gives fewer.
        make: Makes the vectors.
        needs_text: Whether it reads the plain text; then it cannot do tasks that have none.
        layout: In which layout the decoder is to read its vectors. Only the anchored one ranks.
    """

    presets: Mapping[str, Settings]
    span: Callable[[Settings, int], int]
    make: Callable[[Settings, Request], Made]
    needs_text: bool = False
    layout: Callable[[Settings], Layout] = _anchored


AnyMethod = MethodKind[Any]


def span_a_vector(settings: Any, k: int) -> int:
    """Return the span of a method whose setting `span` is in tokens a vector."""
    return int(settings.span * k)


def at_least(settings: object, least: float, *names: str) -> None:
    """Refuse settings below `least`.

    Raises:
        UsageError: In one line.
    """
    for name in names:
        if getattr(settings, name) < least:
            raise UsageError(f"setting {name}: {getattr(settings, name)} must be at least {least:g}")


def below(settings: object, bound: float, *names: str) -> None:
    """Refuse settings that reach `bound`.

    Raises:
        UsageError: In one line.
    """
    for name in names:
        if getattr(settings, name) >= bound:
            raise UsageError(f"setting {name}: {getattr(settings, name)} must be below {bound:g}")
