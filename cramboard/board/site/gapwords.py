"""How a gap between public and sealed samples is written: a factor, its interval, and a word where it is flagged."""

import math

from cramboard.board.facts import Fact
from cramboard.board.site.cells import EMPTY, Cell, mean_cell
from cramboard.board.site.entries import Result
from cramboard.results.words import interval, whole
from cramboard.schema import SealedGap

FLAG = "falls behind on sealed samples"


def flags(sealed: Result | None) -> tuple[str, ...]:
    """Return the flag of a result whose method does better on what everyone can see."""
    return (FLAG,) if sealed and sealed.gap and sealed.gap.flagged else ()


def sealed_cell(sealed: Result | None) -> Cell:
    """Return a cell with the tokens per vector on the sealed set."""
    if sealed is None:
        return EMPTY
    cell = mean_cell(sealed.summary.measures["tokens_per_vector"])
    samples = f"{whole(len(sealed.run.samples))} sealed samples"
    return Cell(cell.text, cell.value, f"{cell.title} on {samples}" if cell.title else f"on {samples}")


def gap_cell(sealed: Result | None) -> Cell:
    """Return a cell with the gap as a factor; under it the interval, and a word if it is flagged."""
    if sealed is None or sealed.gap is None:
        return EMPTY
    gap = sealed.gap
    words = f"beside {gap.baseline}; 1 is no gap, 2 means twice as good on public samples"
    return Cell(factor(gap.gap.mean), gap.gap.mean, words, note=_between(gap) + (" flagged" if gap.flagged else ""))


def gap_facts(public: Result | None, sealed: Result | None) -> tuple[Fact, ...]:
    """Say what a method holds on public and on sealed samples, and what the gap between the two was measured from."""
    if sealed is None:
        return ()
    sides = [(side, result) for side, result in (("public", public), ("sealed", sealed)) if result is not None]
    facts = [
        Fact(f"On {whole(len(result.run.samples))} {side} samples", _tokens(result)) for side, result in sides
    ]  # fmt: skip
    gap = sealed.gap
    if gap is None:
        return (*facts, Fact("Gap", "not measured"))
    return (
        *facts,
        Fact("Gap", f"{factor(gap.gap.mean)}, 95% interval {_between(gap)}"),
        Fact("Flagged", f"yes: {FLAG}" if gap.flagged else "no"),
        Fact("Held against", f"submissions/{gap.baseline}", True),
        Fact("Public samples of both", _counted(gap.public.samples, gap.public.authors)),
        Fact("Sealed samples of both", _counted(gap.sealed.samples, gap.sealed.authors)),
    )


def factor(logarithm: float) -> str:
    """Write exp(logarithm): '1.62x', '31.2x'."""
    return f"{_ratio(logarithm)}x"


def _ratio(logarithm: float) -> str:
    value = math.exp(logarithm)
    return f"{value:.2f}" if value < 10 else f"{value:,.1f}"


def _between(gap: SealedGap) -> str:
    if gap.gap.low == gap.gap.high:
        return "no interval"
    return f"{_ratio(gap.gap.low)} to {_ratio(gap.gap.high)}".replace(" ", "\N{NO-BREAK SPACE}")


def _tokens(result: Result) -> str:
    return f"{interval(result.summary.measures['tokens_per_vector'])} tokens per vector"


def _counted(samples: int, authors: int) -> str:
    return f"{whole(samples)}, by {whole(authors)} author{'s' if authors > 1 else ''}"
