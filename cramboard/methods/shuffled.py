"""`shuffled`: each sample gets the vectors of another text. A control: good vectors, of the wrong text.

Tuning samples of the same task are crammed as `cram` crams them, and one of them stands for each sample. What these
vectors score on a text is what vectors share whatever they hold: the genre, and the mere presence of crammed vectors.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from cramboard.errors import InputError
from cramboard.methods.cram.make import cram
from cramboard.methods.cram.settings import PRESETS as CRAM_PRESETS
from cramboard.methods.cram.settings import CramSettings
from cramboard.methods.interface import Made, MethodKind, Request, at_least, span_a_vector


@dataclass(frozen=True)
class ShuffledSettings(CramSettings):
    """The settings of `cram` for the other texts, and how many of them there are.

    Attributes:
        texts: Tuning samples that are crammed: all of them for every batch, so that neighbours change nothing.
    """

    texts: int = 8

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, 1, "texts")


PRESETS = {name: ShuffledSettings(**asdict(CRAM_PRESETS[name])) for name in ("standard", "quick")}


def other_of(sample: str, seed: int, others: Sequence[str]) -> int:
    """Return which of the texts `others` stands for a sample: by a hash of its id, and never the sample itself.

    Raises:
        InputError: If there is no other text.
    """
    strangers = [index for index, other in enumerate(others) if other != sample]
    if not strangers:
        raise InputError(f"method shuffled: the task has no tuning sample that could stand for sample {sample}")
    digest = hashlib.sha256(f"shuffled {seed} {sample}".encode()).digest()
    return strangers[int.from_bytes(digest[:8], "big") % len(strangers)]


def _make(settings: ShuffledSettings, request: Request) -> Made:
    others = tuple(request.others(settings.texts))
    names = [other.sample for other in others]
    chosen = [other_of(assignment.sample, request.seed, names) for assignment in request.assignments]
    own = {name: value for name, value in asdict(settings).items() if name != "texts"}
    # The horizons that a listener would hear are the other texts', not those of its samples.
    asked = replace(request, assignments=others, report=lambda step, steps, _: request.report(step, steps, []))
    found = cram(CramSettings(**own), asked).vectors
    return Made(tuple(found[index] for index in chosen))


METHOD = MethodKind(presets=PRESETS, span=span_a_vector, make=_make)
