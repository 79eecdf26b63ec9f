"""Near-duplicates: texts that share runs of eight words."""

_RUN = 8
# Of the eight-word runs of the text that has fewer.
MOST_SHARED = 0.01


def runs_of_words(text: str) -> frozenset[str]:
    """Return every run of eight words of `text`, in lower case, words being what white space divides."""
    words = text.lower().split()
    return frozenset(" ".join(words[at : at + _RUN]) for at in range(len(words) - _RUN + 1))


def shared(one: frozenset[str], other: frozenset[str]) -> float:
    """Return which part (0 to 1) of the runs of the text that has fewer are in the other text too."""
    fewer = min(len(one), len(other))
    return len(one & other) / fewer if fewer else 0.0


class Apart:
    """Texts that are kept apart: one that is a near-duplicate of an earlier one is not taken."""

    def __init__(self, taken: tuple[str, ...] = ()) -> None:
        self._runs = [runs_of_words(text) for text in taken]

    def take(self, text: str) -> bool:
        """Take `text` and return True, or return False if it shares over 1% of its runs with one taken before."""
        runs = runs_of_words(text)
        if any(shared(runs, earlier) > MOST_SHARED for earlier in self._runs):
            return False
        self._runs.append(runs)
        return True
