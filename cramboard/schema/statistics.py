"""What tasks are to decoders: the numbers of the data cards."""

from typing import Annotated

from pydantic import Field

from cramboard.schema.base import Boundary, Strict
from cramboard.schema.certificates import DecoderRef
from cramboard.schema.tasks import TaskRef


class SurprisalStretch(Strict):
    """Bits per token of the decoder alone, over the tokens `first` to `last` (from 1) of the `samples` that have them.

    `mean` is over samples; a tenth of them lie below `low`, a tenth above `high`.
    """

    first: Annotated[int, Field(ge=1)]
    last: Annotated[int, Field(ge=1)]
    samples: Annotated[int, Field(ge=1)]
    mean: float
    low: float
    high: float


class TokenCounts(Strict):
    """The tokens of whole samples: the fewest, the median and the most."""

    least: int
    median: float
    most: int


class DecoderStatistics(Strict):
    """What a task is to one decoder: its tokens, and its surprisal over the first tokens of each sample."""

    decoder: DecoderRef
    tokens: TokenCounts
    surprisal: SurprisalStretch
    stretches: tuple[SurprisalStretch, ...]


class TaskStatistics(Boundary):
    """`tasks/<name>/statistics.json`: the public samples of a task as the listed decoders see them."""

    task: TaskRef
    samples: int
    decoders: tuple[DecoderStatistics, ...]
