"""The claim of Kuratov et al. 2025, tested: a vector's limit is the text's uncertainty and not its length."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cramboard.board.findings.results import Evidence, marked
from cramboard.board.site.entries import Result
from cramboard.results.equivalence import Equivalence, equivalence
from cramboard.results.regression import Observation, Slope, slope
from cramboard.schema import SampleRecord

FIRST = 256
"""Tokens over which a text's surprisal is measured, whatever was recovered of it."""
BOUND = 0.1
"""What difference would matter, as an exponent: `horizon ~ surprisal^-(1 +- BOUND)`."""
_FEWEST_TASKS = 3


@dataclass(frozen=True)
class Text:
    """One text under one decoder: bits per token of its first tokens, its horizon, and the bits that come back.

    `bits` is recovered bits; `surprisal_bits` is what the decoder alone needs for the same tokens, which at random
    tasks is more. `cut` says that the span or the text ended before the vector failed: the horizon is at least so far.
    """

    task: str
    author: str
    surprisal: float
    horizon: int
    bits: float
    surprisal_bits: float
    cut: bool


@dataclass(frozen=True)
class Test:
    """One regression: what on what, the slope, what the claim and its rival say, and the equivalence test."""

    what: str
    slope: Slope
    claimed: float
    rival: float
    equivalence: Equivalence


@dataclass(frozen=True)
class Law:
    """The tests under one decoder; `tests` is empty, and `missing` says why, where the results do not suffice."""

    decoder: str
    results: tuple[Result, ...]
    texts: tuple[Text, ...]
    tests: tuple[Test, ...]
    missing: str
    left_out: int


def laws(evidence: Evidence) -> list[Law]:
    """Test the claim under every decoder that has results of one vector on all samples."""
    whole = [r for r in evidence.cram() if len(r.run.samples) == len(evidence.tasks.named(r.run.task.name).select())]
    decoders = dict.fromkeys(result.run.decoder.name for result in whole)
    return [_law(name, [r for r in whole if r.run.decoder.name == name]) for name in decoders]


def _law(decoder: str, results: Sequence[Result]) -> Law:
    records = [(result.run.task.name, record) for result in results for record in marked(result)]
    texts = [text for task, record in records if (text := _text(task, record))]
    left_out = len(records) - len(texts)
    missing = _missing(results, texts)
    if missing:
        return Law(decoder, tuple(results), tuple(texts), (), missing, left_out)
    mean = math.fsum(text.horizon for text in texts) / len(texts)
    bits = [Observation(t.task, (t.task, t.author), t.surprisal, t.bits) for t in texts]
    counted = [Observation(t.task, (t.task, t.author), t.surprisal, t.surprisal_bits) for t in texts]
    logs = [Observation(t.task, (t.task, t.author), math.log(t.surprisal), math.log(t.horizon)) for t in texts]
    of_bits, of_counted, of_logs, inside = slope(bits), slope(counted), slope(logs), slope(logs, within=True)
    tests = (
        _test("recovered bits on bits per token", of_bits, 0, mean),
        _test("surprisal of the recovered tokens on bits per token", of_counted, 0, mean),
        _test("log horizon on log bits per token", of_logs, -1, 0),
        _test("the same, with an intercept per task", inside, -1, 0),
    )
    return Law(decoder, tuple(results), tuple(texts), tests, "", left_out)


def _missing(results: Sequence[Result], texts: Sequence[Text]) -> str:
    """Say why there is no slope to be told, or nothing if there is one."""
    if len(results) < _FEWEST_TASKS:
        return f"it has results on {len(results)} of the {_FEWEST_TASKS} tasks that a slope needs"
    spread = {text.task: set[float]() for text in texts}
    for text in texts:
        spread[text.task].add(text.surprisal)
    if all(len(found) < 2 for found in spread.values()):
        return "all its texts with a horizon have the same bits per token"
    return ""


def _test(what: str, found: Slope, claimed: float, rival: float) -> Test:
    reach = BOUND * abs(rival - claimed)
    return Test(what, found, claimed, rival, equivalence(found.draws, claimed - reach, claimed + reach))


def _text(task: str, record: SampleRecord) -> Text | None:
    """Return a sample as a text; None for one that has too few tokens, or of which nothing came back."""
    at = next((row for row in record.lengths if row.length == FIRST), None)
    if at is None or record.horizon == 0 or at.surprisal_bits <= 0:
        return None
    counted = math.fsum(record.marks.bits[: record.horizon])
    cut = record.censored or record.self_limited
    return Text(task, record.author, at.surprisal_bits / FIRST, record.horizon, record.recovered_bits, counted, cut)
