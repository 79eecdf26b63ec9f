"""Near-duplicates are found, by a reference implementation of a few lines too."""

from hypothesis import given
from hypothesis import strategies as st

from cramboard.tasks.duplicates import MOST_SHARED, Apart, near_duplicates

ONE = " ".join(f"word{number}" for number in range(1_000))
OTHER = " ".join(f"other{number}" for number in range(1_000))


def reference(one: str, other: str) -> float:
    def runs(text: str) -> set[tuple[str, ...]]:
        words = text.lower().split()
        return {tuple(words[at : at + 8]) for at in range(len(words) - 7)}

    fewer = min(len(runs(one)), len(runs(other)))
    return len(runs(one) & runs(other)) / fewer if fewer else 0.0


def with_shared(words: int) -> str:
    """Return OTHER with `words` words of ONE in it."""
    return f"{OTHER} {' '.join(ONE.split()[:words])}"


def test_texts_may_share_one_run_in_a_hundred() -> None:
    assert near_duplicates({"one": ONE, "other": with_shared(16)}) == []
    [(one, other, part)] = near_duplicates({"one": ONE, "other": with_shared(20)})
    assert (one, other, part) == ("one", "other", 13 / 993)
    assert near_duplicates({"one": ONE, "again": ONE.upper().replace(" ", "\n")}) == [("one", "again", 1.0)]


def test_a_part_of_a_text_is_its_near_duplicate() -> None:
    apart = Apart([ONE])
    assert not apart.take(" ".join(ONE.split()[300:330]))
    assert apart.take(OTHER)
    assert not apart.take(OTHER)
    assert apart.take("too short")


@given(st.lists(st.text(alphabet="ab ", max_size=60), min_size=2, max_size=4))
def test_pairs_are_those_of_the_reference(texts: list[str]) -> None:
    named = {str(number): text for number, text in enumerate(texts)}
    expected = [
        (one, other, reference(named[one], named[other]))
        for other in named
        for one in named
        if one < other and reference(named[one], named[other]) > MOST_SHARED
    ]
    assert near_duplicates(named) == expected
