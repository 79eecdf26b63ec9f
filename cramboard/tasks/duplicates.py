"""Near-duplicates: texts that share runs of eight words."""

import hashlib
from collections import Counter
from collections.abc import Iterable

_RUN = 8
# Of the eight-word runs of the text that has fewer.
_MOST_SHARED = 0.01


class Apart:
    """Texts that are kept apart: one that is a near-duplicate of an earlier one is not taken."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._sizes: list[int] = []
        self._holders: dict[bytes, tuple[int, ...]] = {}
        for text in taken:
            self._add(_runs_of_words(text))

    def take(self, text: str) -> bool:
        """Take `text` and return True, or return False if it shares over 1% of its runs with one taken before.

        Counted are the runs of whichever of the two texts has fewer.
        """
        runs = _runs_of_words(text)
        shared = Counter(holder for run in runs for holder in self._holders.get(run, ()))
        if any(count / min(len(runs), self._sizes[holder]) > _MOST_SHARED for holder, count in shared.items()):
            return False
        self._add(runs)
        return True

    def _add(self, runs: frozenset[bytes]) -> None:
        for run in runs:
            self._holders[run] = (*self._holders.get(run, ()), len(self._sizes))
        self._sizes.append(len(runs))


def _runs_of_words(text: str) -> frozenset[bytes]:
    """Return a 64-bit hash of every run of eight words of `text`, in lower case, words being what white space divides.

    Hashes keep a whole task's runs in memory; two of its million runs agree by chance once in ten million tasks.
    """
    words = text.lower().split()
    runs = (" ".join(words[at : at + _RUN]) for at in range(len(words) - _RUN + 1))
    return frozenset(hashlib.blake2b(run.encode(), digest_size=8).digest() for run in runs)
