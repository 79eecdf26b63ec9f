"""What making vectors costs: seconds a sample, the cost classes of encoders, and the anytime curve of a run."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from cramboard.schema import UnitCost

# Encoders rank within these, in seconds a sample.
COST_LIMITS = (0.1, 1.0, 10.0)
MORE = f"over {COST_LIMITS[-1]:g} s"
COST_CLASSES = (*(f"up to {limit:g} s" for limit in COST_LIMITS), MORE)


@dataclass(frozen=True)
class Moment:
    """After `seconds` a sample, the mean horizon over every sample so far."""

    seconds: float
    mean_horizon: float


def seconds_per_sample(units: Sequence[UnitCost]) -> float | None:
    """Return the seconds that making one sample's vectors took on average; None if nobody measured it."""
    samples = sum(len(unit.samples) for unit in units)
    return math.fsum(unit.encode_seconds for unit in units) / samples if samples else None


def cost_class(seconds: float) -> str:
    """Name the cost class of an encoder that takes `seconds` a sample."""
    return next((name for limit, name in zip(COST_LIMITS, COST_CLASSES, strict=False) if seconds <= limit), MORE)


def anytime(units: Sequence[UnitCost]) -> list[Moment]:
    """Return one curve for all units: at each moment of any unit, the mean of what each had by then.

    A unit's mean horizon counts for each of its samples; before its first point a unit has nothing.
    """
    points = sorted(
        (point.seconds, number, point.mean_horizon)
        for number, unit in enumerate(units)
        for point in unit.curve
        if unit.samples
    )
    samples = sum(len(unit.samples) for unit in units)
    # Exact, so that the sum goes on from point to point: summed anew, 50,000 units would take as many times as long.
    held, total = [Fraction()] * len(units), Fraction()
    curve: dict[float, float] = {}
    for seconds, number, horizon in points:
        now = Fraction(horizon * len(units[number].samples))
        held[number], total = now, total + now - held[number]
        curve[seconds] = float(total) / samples
    return [Moment(seconds, horizon) for seconds, horizon in curve.items()]


def front(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the (cost, score) points that no other beats at the same cost or less, cheapest first."""
    best: list[tuple[float, float]] = []
    for cost, score in sorted(points, key=lambda point: (point[0], -point[1])):
        if not best or score > best[-1][1]:
            best.append((cost, score))
    return best
