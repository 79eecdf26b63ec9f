"""The rule of passages, on made-up works: where they start and end, and which works are taken."""

from dataclasses import dataclass, field
from itertools import islice, pairwise

import pytest

from cramboard.errors import InputError
from cramboard.keys import sha256_text
from cramboard.schema import Credit, Cut, ManifestLine, PassagesRule
from cramboard.tasks.builders.passages import Passages
from cramboard.tasks.plan import Plan
from cramboard.tasks.streams import uniform_stream


@dataclass(frozen=True, eq=False)
class Shelf:
    """Texts by name."""

    texts: dict[str, str] = field(default_factory=dict)

    def paths(self) -> tuple[str, ...]:
        return tuple(self.texts)

    def read(self, path: str) -> str:
        return self.texts[path]


def work(name: str, characters: int) -> str:
    """Return sentences of nonsense, no eight words of which occur in another work; every tenth starts a paragraph."""
    numbers = uniform_stream(name, 10**6)
    sentences: list[str] = []
    while sum(map(len, sentences)) + len(sentences) < characters:
        words = [f"{'w' if at else 'W'}{number}" for at, number in enumerate(islice(numbers, 10))]
        sentences.append(" ".join(words) + ".")
    return "\n\n".join(" ".join(sentences[at : at + 10]) for at in range(0, len(sentences), 10))


def shelf(count: int = 8, characters: int = 6_000) -> Shelf:
    return Shelf({f"{number}.txt": work(f"work {number}", characters) for number in range(count)})


def builder(source: Shelf, tuning: Cut | None = None, **cut: int) -> Passages:
    sizes = {"opening_characters": 500, "least_characters": 1_000, "most_characters": 2_000} | cut
    credits = {name: Credit(author="A", date="1900") for name in source.texts}
    return Passages("made-up", PassagesRule(reader="plain-text", cut=Cut(**sizes), tuning=tuning, credits=credits))


def test_a_passage_is_whole_sentences_after_the_opening_within_the_lengths() -> None:
    source = shelf()
    for line, text in builder(source).draw(source, Plan({"public": 8})):
        whole = "\n".join(source.texts[line.origin].split("\n\n"))
        assert line.start >= 500
        assert len(whole) - line.start >= 1_000
        assert 1_800 < len(text) <= 2_000 or line.start + len(text) == len(whole)
        assert whole[line.start - 1].isspace()
        assert text[0] == "W"
        assert text[-1] == "."
        assert (line.id, line.author, line.date) == (line.origin.removesuffix(".txt"), "A", "1900")
        assert line.sha256 == sha256_text(text)


def test_a_line_alone_gives_its_text_again() -> None:
    source = shelf()
    rule = builder(source)
    for line, text in rule.draw(source, Plan({"public": 4})):
        assert rule.cut(shelf(), line) == text


def test_the_draw_is_the_same_every_time_and_another_with_another_seed() -> None:
    def lines(seed: str) -> list[ManifestLine]:
        source = shelf()
        return [line for line, _ in builder(source).draw(source, Plan({"public": 5}, seed=seed))]

    assert lines("one") == lines("one")
    assert [line.origin for line in lines("one")] != [line.origin for line in lines("two")]
    assert {line.start for line in lines("one")} != {line.start for line in lines("two")}


def test_works_come_in_the_order_of_their_hashes() -> None:
    source = shelf()
    names = sorted(source.texts, key=lambda name: sha256_text(f"cramboard:made-up:{name}"))
    assert [line.origin for line, _ in builder(source).draw(source, Plan({"public": 8}))] == names


def test_a_work_is_in_one_split_and_gives_passages_that_do_not_overlap() -> None:
    source = shelf(characters=12_000)
    tuning = Cut(opening_characters=500, least_characters=1_000, most_characters=2_000, from_a_work=3)
    drawn = builder(source, tuning).draw(source, Plan({"public": 4, "tuning": 7}))
    splits = {line.origin: {other.split for other, _ in drawn if other.origin == line.origin} for line, _ in drawn}
    assert all(len(of_one) == 1 for of_one in splits.values())
    lines = [line for line, _ in drawn if line.split == "tuning"]
    assert [line.id[-2:] for line in lines] == ["-1", "-2", "-3", "-1", "-2", "-3", "-1"]
    for line, following in pairwise(lines):
        assert line.origin != following.origin or line.start + line.characters <= following.start


def test_a_work_gives_as_many_passages_as_it_holds_whole() -> None:
    source = shelf(1, characters=6_000)
    tuning = Cut(opening_characters=500, least_characters=1_000, most_characters=2_000, from_a_work=5)
    assert len(builder(source, tuning).draw(source, Plan({"tuning": 2}))) == 2
    with pytest.raises(InputError, match="only 2 of 3 samples of made-up: no other work is long enough"):
        builder(source, tuning).draw(source, Plan({"tuning": 3}))


def test_a_short_work_is_left_out_or_taken_from_its_opening_on() -> None:
    source = Shelf({"short.txt": work("short", 1_200)})
    with pytest.raises(InputError, match="only 0 of 1"):
        builder(source).draw(source, Plan({"public": 1}))
    [(line, text)] = builder(source, short_characters=500).draw(source, Plan({"public": 1}))
    whole = "\n".join(source.texts["short.txt"].split("\n\n"))
    assert text == whole[line.start :]
    assert whole.index(" W", 499) + 1 == line.start or whole[line.start - 1] == "\n"
    with pytest.raises(InputError, match="only 0 of 1"):
        builder(source, short_characters=900).draw(source, Plan({"public": 1}))


def test_a_sentence_that_is_longer_than_a_passage_opens_none() -> None:
    opening, endless = work("opening", 450), work("endless", 6_000).replace("\n\n", " ").replace(". W", ", w")
    source = Shelf({"endless.txt": f"{opening}\n\n{endless}"})
    with pytest.raises(InputError, match="only 0 of 1"):
        builder(source, opening_characters=len(opening)).draw(source, Plan({"public": 1}))


def test_near_duplicates_of_each_other_and_of_what_is_taken_are_skipped() -> None:
    source = shelf(6)
    source.texts["copy.txt"] = source.texts["0.txt"]
    assert len(builder(source, most_characters=6_000).draw(source, Plan({"public": 6}))) == 6
    with pytest.raises(InputError, match="only 6 of 7"):
        builder(source, most_characters=6_000).draw(source, Plan({"public": 7}))
    taken = (source.texts["1.txt"],)
    drawn = builder(source).draw(source, Plan({"sealed": 4}, seed="secret", taken=taken))
    assert "1.txt" not in [line.origin for line, _ in drawn]
    assert {line.split for line, _ in drawn} == {"sealed"}


def test_a_work_of_which_nobody_tells_author_and_date_is_refused() -> None:
    source = shelf()
    rule = PassagesRule(reader="plain-text", cut=builder(source).rule.cut)
    with pytest.raises(
        InputError, match=r"made-up: field passages\.credits: \d\.txt tells no author or date; add both"
    ):
        Passages("made-up", rule).draw(source, Plan({"public": 1}))
