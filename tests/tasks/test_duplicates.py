"""Near-duplicates are found, by a reference implementation of a few lines too."""

from hypothesis import given
from hypothesis import strategies as st

from cramboard.tasks.duplicates import Apart

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
    # 993 runs of eight words in ONE: 9 are less than 1% of them, 10 are more.
    assert Apart([ONE]).take(with_shared(16))
    assert not Apart([ONE]).take(with_shared(17))
    assert not Apart([ONE]).take(ONE.upper().replace(" ", "\n"))


def test_a_part_of_a_text_is_its_near_duplicate() -> None:
    apart = Apart([ONE])
    assert not apart.take(" ".join(ONE.split()[300:330]))
    assert apart.take(OTHER)
    assert not apart.take(OTHER)
    assert apart.take("too short")


@given(st.lists(st.text(alphabet="ab ", max_size=60), min_size=2, max_size=4))
def test_what_is_taken_is_what_the_reference_would_take(texts: list[str]) -> None:
    apart, taken = Apart(), list[str]()
    for text in texts:
        near = any(reference(text, other) > 0.01 for other in taken)
        assert apart.take(text) is not near
        taken += [] if near else [text]
