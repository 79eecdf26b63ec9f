"""Passages of prose: from each work, a stretch of whole sentences from a seeded start on."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass

from cramboard.errors import InputError
from cramboard.keys import sha256_text
from cramboard.schema import Cut, ManifestLine, PassagesRule, Split
from cramboard.tasks.duplicates import Apart
from cramboard.tasks.plan import Plan
from cramboard.tasks.prose.sentences import sentence_spans
from cramboard.tasks.reading import Work, reader_named
from cramboard.tasks.sources import Source
from cramboard.tasks.streams import uniform_stream


@dataclass(frozen=True)
class Passages:
    """The builder of one task: its name, which is in the name of every random stream, and its rule."""

    task: str
    rule: PassagesRule

    def draw(self, source: Source, plan: Plan) -> list[tuple[ManifestLine, str]]:
        """Cut works in the order of their seeded hashes until the plan is full; a work is in one split only."""
        reader = reader_named(self.rule.reader)
        drawn: list[tuple[ManifestLine, str]] = []
        apart = Apart(plan.taken)
        for name in sorted(reader.names(source), key=lambda name: sha256_text(f"{plan.seed}:{self.task}:{name}")):
            split = plan.split_of(len(drawn))
            for line, text in self._passages(source, name, split, plan.seed):
                if apart.take(text):
                    drawn.append((line, text))
                if len(drawn) == plan.total:
                    return drawn
                if plan.split_of(len(drawn)) != split:
                    break
        raise InputError(
            f"only {len(drawn)} of {plan.total} samples of {self.task}: no other work is long enough and apart from "
            "these; ask for fewer samples"
        )

    def cut(self, source: Source, line: ManifestLine) -> str:
        """Return the stretch of the work `line.origin` that `line` names."""
        text = _read(self.rule.reader, source, line.origin).text
        return text[line.start : line.start + line.characters]

    def _passages(self, source: Source, name: str, split: Split, seed: str) -> Iterator[tuple[ManifestLine, str]]:
        """Yield the passages of one work in its order, or none if too little follows its opening."""
        cut = self.rule.tuning if split == "tuning" and self.rule.tuning else self.rule.cut
        work = _read(self.rule.reader, source, name)
        author, date = self._credit(name, work)
        spans = sentence_spans(work.text)
        room = len(work.text) - cut.opening_characters
        parts = max(1, min(cut.from_a_work, room // cut.most_characters))
        for part in range(parts):
            low = cut.opening_characters + room * part // parts
            high = cut.opening_characters + room * (part + 1) // parts
            numbered = f"-{part + 1}" if cut.from_a_work > 1 else ""
            found = self._stretch(work.text, spans, cut, low, high, f"{seed}:{self.task}:start:{name}{numbered}")
            if found is None:
                continue
            start, end = found
            text = work.text[start:end]
            line = ManifestLine(
                id=work.id + numbered,
                split=split,
                origin=name,
                start=start,
                characters=len(text),
                author=author,
                date=date,
                sha256=sha256_text(text),
            )
            yield line, text

    def _stretch(
        self, text: str, spans: list[tuple[int, int]], cut: Cut, low: int, high: int, stream: str
    ) -> tuple[int, int] | None:
        """Choose where a passage between `low` and `high` starts and ends, or None if it has no room."""
        may_open = reader_named(self.rule.reader).may_open
        openings = [
            start for start, end in spans if start >= low and text[start].isupper() and may_open(text[start:end])
        ]
        starts = [start for start in openings if start <= high - cut.least_characters]
        if starts:
            start = starts[next(uniform_stream(stream, len(starts)))]
        elif cut.short_characters and openings and openings[0] <= high - cut.short_characters:
            start = openings[0]
        else:
            return None
        ends = [end for _, end in spans if start < end <= min(start + cut.most_characters, high)]
        return (start, ends[-1]) if ends else None

    def _credit(self, name: str, work: Work) -> tuple[str, str]:
        given = self.rule.credits.get(name)
        author, date = (given.author, given.date) if given else (work.author, work.date)
        if not author or not date:
            raise InputError(f"task {self.task}: field passages.credits: {name} tells no author or date; add both")
        return author, date


@functools.lru_cache(maxsize=2)
def _read(reader: str, source: Source, name: str) -> Work:
    """Read a work; kept for the next passage of it, which follows in the manifest."""
    return reader_named(reader).read(source, name)
