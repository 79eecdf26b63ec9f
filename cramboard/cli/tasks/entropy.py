"""The source entropy of a random task, for people and as data."""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cramboard.tasks import Task


def source_entropy(task: "Task") -> dict[str, float] | None:
    """Return bits a word, or bits a token by listed decoder, that the task's source draws; None if it is not known."""
    return {of: math.log2(count) for of, count in _choices(task).items()} or None


def say_entropy(task: "Task") -> dict[str, str]:
    """Say it in words, as the field of a random task."""
    said = [f"log2({count:,}) = {math.log2(count):.3f} bits a {of}" for of, count in _choices(task).items()]
    return {"source entropy": "; ".join(said)} if said else {}


def _choices(task: "Task") -> dict[str, int]:
    """Return out of how many each word, or each token of a listed decoder, is drawn."""
    if task.spec.form == "draws":
        from cramboard.decoders import decoder_names, find_decoder

        specs = [spec for name in decoder_names() if (spec := find_decoder(name).spec)]
        return {f"token of {spec.name}": sum(last - first + 1 for first, last in spec.ordinary) for spec in specs}
    words = task.words()
    return {} if words is None else {"word": len(words)}
