"""Near-duplicates: texts that share runs of eight words."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

_RUN = 8
# Of the eight-word runs of the text that has fewer.
MOST_SHARED = 0.01


def runs_of_words(text: str) -> frozenset[bytes]:
    """Return a 64-bit hash of every run of eight words of `text`, in lower case, words being what white space divides.

    Hashes keep a whole task's runs in memory; two of its million runs agree by chance once in ten million tasks.
    """
    words = text.lower().split()
    runs = (" ".join(words[at : at + _RUN]) for at in range(len(words) - _RUN + 1))
    return frozenset(hashlib.blake2b(run.encode(), digest_size=8).digest() for run in runs)


class Apart:
    """Texts that are kept apart: one that is a near-duplicate of an earlier one is not taken."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._sizes: list[int] = []
        self._holders: dict[bytes, tuple[int, ...]] = {}
        for text in taken:
            self.add(runs_of_words(text))

    def take(self, text: str) -> bool:
        """Take `text` and return True, or return False if it shares over 1% of its runs with one taken before.

        Counted are the runs of whichever of the two texts has fewer.
        """
        runs = runs_of_words(text)
        if any(part > MOST_SHARED for _, part in self.shares(runs)):
            return False
        self.add(runs)
        return True

    def shares(self, runs: frozenset[bytes]) -> Iterator[tuple[int, float]]:
        """Yield (number of an earlier text, part of the runs that it shares) for each that shares any."""
        counts = Counter(holder for run in runs for holder in self._holders.get(run, ()))
        for holder, count in sorted(counts.items()):
            yield holder, count / min(len(runs), self._sizes[holder])

    def add(self, runs: frozenset[bytes]) -> None:
        """Take a text with these runs, whatever it shares."""
        number = len(self._sizes)
        self._sizes.append(len(runs))
        for run in runs:
            self._holders[run] = (*self._holders.get(run, ()), number)


def near_duplicates(texts: Mapping[str, str]) -> list[tuple[str, str, float]]:
    """Return every pair of names whose texts share over 1% of their runs, and the part (0 to 1) that they share."""
    names = list(texts)
    apart = Apart()
    found = []
    for name, text in texts.items():
        runs = runs_of_words(text)
        found += [(names[other], name, part) for other, part in apart.shares(runs) if part > MOST_SHARED]
        apart.add(runs)
    return found
