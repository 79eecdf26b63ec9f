"""The page of findings, written from the results alone."""

from collections.abc import Sequence

from cramboard.board.findings import tables
from cramboard.board.findings.charts import Picture, pictures
from cramboard.board.findings.law import BOUND, FIRST, Law, laws
from cramboard.board.findings.results import Evidence
from cramboard.board.site.entries import Result
from cramboard.results.words import interval, number, plain
from cramboard.schema import Interval

_NOTHING = "No result yet."


def findings(evidence: Evidence) -> dict[str, str]:
    """Return the page's files by their path below `docs/`; equal results give equal bytes."""
    found = laws(evidence)
    shown = pictures(evidence, found)
    sections = [
        _opening(evidence),
        _section("What one vector holds", tables.reached(evidence), shown.get("surprisal")),
        _claim(found, evidence, shown.get("law")),
        _section("How far from what could be", _CAPACITY, tables.shares(evidence) or _NOTHING, shown.get("capacity")),
        _section("Several vectors", _SEVERAL, tables.several(evidence) or _NOTHING, shown.get("vectors")),
        _section("Coarser storage", _COARSER, tables.coarser(evidence) or _NOTHING, shown.get("stored")),
        _section("Another seed", tables.seeds(evidence) or _NOTHING),
        _section("Protocols, controls and encoders", _OTHERS, tables.others(evidence) or _NOTHING),
        _published(evidence),
        _confirmed(evidence),
        _empty(evidence),
    ]
    files = {f"figures/{picture.name}": picture.svg for picture in shown.values()}
    return {"findings.md": "\n\n".join(sections) + "\n"} | files


_CAPACITY = (
    "Theoretical capacity is `16 k d / log2|V|` tokens, as Kuratov et al. define it. The coder bound is how many "
    "tokens "
    "of these very texts an ideal entropy coder with the same decoder would put into the bits that are stored. A text "
    "that ends before its bound counts with its length: the bound is then at least so much, and the share at most."
)
_SEVERAL = (
    "Shares compare k vectors, each, with one vector alone on the very same samples: 100% would be k times the tokens."
)
_COARSER = (
    "The same vectors, stored more coarsely and verified again: the share of the horizon that is left, as a ratio of "
    "means."
)
_OTHERS = (
    "The other submissions, at seed 0 and the span that they declare. A protocol in its own layout does not rank: it "
    "reads and counts otherwise."
)


def _opening(evidence: Evidence) -> str:
    results = [result for submission in evidence.submissions for result in submission.results]
    samples = sum(result.summary.samples - len(result.summary.failures) for result in results)
    return (
        "# Findings\n\n"
        "What the verified results say about the claims of the field. `python scripts/write_findings.py` writes this "
        f"page from {len(results)} results ({samples:,} certified samples) in `submissions/` and types no number. "
        "Brackets "
        "are 95% bootstrap intervals, 10,000 draws of whole authors; the last column leads to the file that a row was "
        "made from. [GLOSSARY](../GLOSSARY.md) has the words."
    )


def _section(title: str, *parts: str | Picture | None) -> str:
    written = [part.markdown if isinstance(part, Picture) else part for part in parts if part]
    return "\n\n".join([f"## {title}", *(written or [_NOTHING])])


def _claim(found: Sequence[Law], evidence: Evidence, picture: Picture | None) -> str:
    words = (
        "Kuratov et al. say that what ends a vector is the uncertainty of the text and not its length. Then texts of "
        "more bits per token come back shorter, with as many bits: recovered bits do not rise with the bits per token "
        "(slope 0), and the log horizon falls as the log bits per token rise (slope -1). Were it the length, every "
        "text would come back as far, and the slopes would be the mean horizon and 0.\n\n"
        f"Bits per token are the decoder's own, over the first {FIRST} tokens of a text, however much came back. "
        "Texts of "
        "all tasks count alike; every bootstrap draw has every task, and draws authors within each. A difference "
        "is taken "
        f"not to matter within {BOUND:.0%} of the way from the claim to its rival: in logarithms, texts of four times "
        f"the bits per token would then hold at most {4**BOUND - 1:.0%} more bits or {1 - 4**-BOUND:.0%} fewer. "
        "Equivalent means that both one-sided tests of "
        "5% reject more than that; *not shown* means that they do not, and not that the claim is wrong."
    )
    if not found:
        return _section("Uncertainty or length?", words, _NOTHING)
    verdicts = [_verdict(law) for law in found]
    tested = any(law.tests for law in found)
    return _section(
        "Uncertainty or length?", words, *verdicts, tables.tests(found, evidence) if tested else None, picture
    )


def _verdict(law: Law) -> str:
    tasks = ", ".join(plain(result.run.task.name) for result in law.results)
    if not law.tests:
        return f"**{plain(law.decoder)}** is not tested: {law.missing}."
    bits, *_ = law.tests
    logs = law.tests[2]
    cut = sum(text.cut for text in law.texts)
    besides = "".join(
        f"; {count} {words}"
        for count, words in (
            (law.left_out, "of which nothing came back, or too short, are left out"),
            (cut, "came back to the end of their span or text, and their horizons are at least so far"),
        )
        if count
    )
    return (
        f"**{plain(law.decoder)}**, {len(law.texts)} texts of {tasks}{besides}: a text of one more bit per token gives "
        f"{_spread(bits.slope.slope, bits.slope.low, bits.slope.high)} more recovered bits, where a vector of so many "
        f"tokens would give {number(bits.rival)}; as a power of the bits per token, the horizon goes with "
        f"{_spread(logs.slope.slope, logs.slope.low, logs.slope.high)}, where the claim is -1. "
        + (
            "Both are as claimed, within the bounds."
            if bits.equivalence.holds and logs.equivalence.holds
            else "Not both are shown to be as claimed, within the bounds."
        )
    )


def _spread(mean: float, low: float, high: float) -> str:
    return interval(Interval(mean=mean, low=low, high=high))


def _published(evidence: Evidence) -> str:
    words = (
        "Published figures ([reported.yaml](../leaderboard/reported.yaml)) are not verified here, and differ "
        "from ours in "
        "four ways at once. Weights: here the listed decoders' 4-bit ones, there the full models. Texts: here "
        "each task's "
        "own, there PG-19. The rule: here every token counts, the first too, each by a margin of 0.05 and from the "
        "stored bytes; there argmax behind the true prefix, and a mean or a longest sample. The search: here `cram`."
    )
    claims = [_linear(evidence), _step_by_step(evidence)]
    return _section("Against what was published", words, tables.published(evidence), *(c for c in claims if c))


def _linear(evidence: Evidence) -> str:
    """Published figures of several vectors of one decoder, per vector."""
    said = []
    for source in evidence.reported.sources:
        for one in source.tables:
            by_decoder: dict[str, list[tuple[int, float]]] = {}
            for row in one.rows:
                if row.information is not None:
                    by_decoder.setdefault(row.decoder, []).append((row.k, row.information))
            for decoder, pairs in by_decoder.items():
                pairs.sort()
                if len({k for k, _ in pairs}) > 1:
                    (k, last), (_, first) = pairs[-1], pairs[0]
                    said.append(
                        f"{plain(decoder)} at k = {k} has {last / first:.0%} of the information of one vector, "
                        "per vector"
                    )
    return f"Capacity that grows linearly with k would keep 100%. Published: {'; '.join(said)}." if said else ""


def _step_by_step(evidence: Evidence) -> str:
    results = evidence.cram(None)
    samples = sum(len(result.records) for result in results)
    agreeing = sum(result.summary.greedy_confirmed for result in results)
    return (
        f"Read step by step, from the vectors alone, {agreeing:,} of {samples:,} samples of `cram` give back "
        "every token "
        "of their horizon: the margin is what argmax behind the true prefix lacks."
        if samples
        else ""
    )


def _confirmed(evidence: Evidence) -> str:
    results = [r for submission in evidence.submissions for r in submission.results if not r.sealed]
    elsewhere = [result for result in results if _confirmed_elsewhere(result)]
    horizons = sum(result.summary.samples - len(result.summary.failures) for result in elsewhere)
    return _section(
        "Confirmed elsewhere",
        f"{len(elsewhere)} of {len(results)} certificates, {horizons:,} horizons, are confirmed whole on another "
        "device "
        "than the one that made them; `python scripts/confirmation_table.py` prints which, and where.",
    )


def _confirmed_elsewhere(result: Result) -> bool:
    made = {unit.device for unit in result.run.units}
    return any(line.device not in made for line in result.confirmations) and not result.disputes


def _empty(evidence: Evidence) -> str:
    planned = len(evidence.matrix.cells())
    said = (
        f"{planned - len(evidence.empty()):,} of the {planned:,} runs of [the matrix](../leaderboard/matrix.yaml) have "
        "a result."
    )
    return _section("What is not there", said, tables.missing(evidence) or None)
