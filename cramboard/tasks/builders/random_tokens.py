"""Token ids drawn uniformly from a decoder's ordinary tokens.

A sample is the same for every decoder: 64-bit draws. With n ordinary tokens, sorted by id, a decoder reads draw u as
the one at `u n >> 64`; each token then has floor(2**64 / n) of the numbers or one more.
"""

from itertools import islice

from cramboard.schema import ManifestLine
from cramboard.tasks.draws import DRAW_BITS, write_draws
from cramboard.tasks.plan import Plan
from cramboard.tasks.seeded import one_a_seed
from cramboard.tasks.sources import Source
from cramboard.tasks.streams import uniform_stream

DRAWS = 2_048


def draw(source: Source, plan: Plan) -> list[tuple[ManifestLine, str]]:
    """Draw each sample with a seed of its own, which is its origin."""
    return one_a_seed("random-tokens", plan, _draws)


def cut(source: Source, line: ManifestLine) -> str:
    """Return the stretch that `line` names of the draws with the seed `line.origin`."""
    return _draws(line.origin)[line.start : line.start + line.characters]


def _draws(seed: str) -> str:
    return write_draws(islice(uniform_stream(seed, 1 << DRAW_BITS), DRAWS))
