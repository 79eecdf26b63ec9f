"""Words drawn uniformly from the vocabulary of the State of the Union addresses."""

import functools
import re
from collections import Counter
from itertools import islice

from cramboard.schema import ManifestLine
from cramboard.tasks.plan import Plan
from cramboard.tasks.seeded import one_a_seed
from cramboard.tasks.sources import Source, sotu
from cramboard.tasks.streams import uniform_stream

WORDS = 4_000
LEAST_OCCURRENCES = 10
_WORD = re.compile(r"""[("'\[]*([a-z]{2,})[)"'\],.;:?!]*""")


def draw(source: Source, plan: Plan) -> list[tuple[ManifestLine, str]]:
    """Draw the words of each sample with a seed of its own, which is its origin."""
    return one_a_seed("random-words", plan, lambda seed: _words(source, seed))


def cut(source: Source, line: ManifestLine) -> str:
    """Return the stretch that `line` names of the words drawn with the seed `line.origin`."""
    return _words(source, line.origin)[line.start : line.start + line.characters]


@functools.cache
def vocabulary(source: Source) -> tuple[str, ...]:
    """Return the words, sorted, that the addresses have at least 10 times in lower case.

    A word is a stretch between white space that is two or more letters a to z once brackets, quotes and
    punctuation around it are taken off. Names and the first words of sentences, with a capital, do not count.
    """
    stretches: Counter[str] = Counter()
    for file_id in sotu.addresses(source):
        stretches.update(sotu.raw_text(source, file_id).split())
    words: Counter[str] = Counter()
    for stretch, occurrences in stretches.items():
        if found := _WORD.fullmatch(stretch):
            words[found[1]] += occurrences
    return tuple(sorted(word for word, occurrences in words.items() if occurrences >= LEAST_OCCURRENCES))


def _words(source: Source, seed: str) -> str:
    words = vocabulary(source)
    return " ".join(words[index] for index in islice(uniform_stream(seed, len(words)), WORDS))
