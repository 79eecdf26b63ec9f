"""In which order units are handed out, and how the last ones are cut so that all workers end together."""

from collections.abc import Iterable, Mapping

from cramboard.run.units import Unit
from cramboard.tasks import Sample


def longest_first(units: Iterable[Unit], spans: Mapping[str, int]) -> list[Unit]:
    """Return units in the order in which they are handed out.

    A unit's work is estimated by its tokens, as all units of a run have the same k: a long one that began last would
    keep one worker busy when the others have nothing left.

    Args:
        units: The units.
        spans: The tokens that the method is given of each sample, by its id.
    """
    return sorted(units, key=lambda unit: -_tokens(unit, spans))


def share_out(units: Iterable[Unit], workers: int, spans: Mapping[str, int]) -> list[Unit]:
    """Deal the samples of `units` out anew, a unit for each of `workers`, all about as long."""
    samples = sorted((sample for unit in units for sample in unit.samples), key=lambda sample: -spans[sample.id])
    parts: list[list[Sample]] = [[] for _ in range(min(workers, len(samples)))]
    loads = [0] * len(parts)
    for sample in samples:
        least = loads.index(min(loads))
        parts[least].append(sample)
        loads[least] += spans[sample.id]
    return longest_first((Unit(tuple(part)) for part in parts), spans)


def _tokens(unit: Unit, spans: Mapping[str, int]) -> int:
    return sum(spans[sample.id] for sample in unit.samples)
