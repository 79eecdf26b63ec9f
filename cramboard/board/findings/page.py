"""The page of findings, written from the results alone."""

from collections.abc import Sequence

from cramboard.board.findings import tables
from cramboard.board.findings.charts import Picture, pictures
from cramboard.board.findings.law import BOUND, FIRST, Law, Test, laws
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
        _section("How far from the limits", _CAPACITY, tables.shares(evidence) or _NOTHING, shown.get("capacity")),
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
    "tokens of these texts an ideal entropy coder with the same decoder would fit into the stored bits. Where a text "
    "ends before its bound, its length is used instead: the bound is then at least, and the share at most, the "
    "number shown."
)
_SEVERAL = (
    "The columns relative to k = 1 compare each of k vectors with a single vector on the same samples: at 100%, k "
    "vectors would hold k times as much. >= marks runs in which a text ended first."
)
_COARSER = (
    "The same vectors, stored in a coarser dtype and verified again: the share of the horizon that is left, as a ratio "
    "of means."
)
_OTHERS = (
    "The other submissions, at seed 0 and their declared span. A protocol in its own layout does not rank, because it "
    "reads and counts differently."
)
_DIFFERENCES = """\
Published figures ([reported.yaml](../leaderboard/reported.yaml)) are not verified here, and differ from ours in up to \
four ways:

- Weights: ours are the listed decoders' 4-bit weights, theirs the full models.
- Texts: ours are each task's, theirs as named.
- Counting: we count every token, including the first, by a margin of 0.05 from the stored bytes. They count the \
argmax under teacher forcing, and report a mean or the longest sample. *By argmax* counts our vectors without a \
margin, and in a protocol's own layout from the second token.
- Search: `cram` is ours; a paper's own method, run here, follows it."""


def _opening(evidence: Evidence) -> str:
    results = [result for submission in evidence.submissions for result in submission.results]
    samples = sum(result.summary.samples - len(result.summary.failures) for result in results)
    return (
        "# Findings\n\nWhat the verified results say about the claims of the field. `python "
        f"scripts/write_findings.py` generates this page from {len(results)} results ({samples:,} certified samples) "
        "in `submissions/`; no number is typed by hand. Brackets are 95% bootstrap intervals (10,000 draws of whole "
        "authors). The last column links to the file behind each row. [GLOSSARY](../GLOSSARY.md) has the terms."
    )


def _section(title: str, *parts: str | Picture | None) -> str:
    written = [part.markdown if isinstance(part, Picture) else part for part in parts if part]
    return "\n\n".join([f"## {title}", *(written or [_NOTHING])])


def _claim(found: Sequence[Law], evidence: Evidence, picture: Picture | None) -> str:
    words = (
        "Kuratov et al. say that a vector is limited by the uncertainty of the text and not by its length. If so, "
        "texts with more bits per token have shorter horizons but as many recovered bits: recovered bits do not rise "
        "with the bits per token (slope 0), and the log horizon falls with the log bits per token (slope -1). If the "
        "limit were a number of tokens, every text would have the same horizon, and the slopes would be the mean "
        f"horizon and 0.\n\nBits per token are the surprisal under the decoder alone, over the first {FIRST} tokens "
        "of a text, however many are recovered. Texts of all tasks count equally; every bootstrap draw has every "
        f"task, and draws authors within each. A difference counts as negligible within {BOUND:.0%} of the way from "
        "the claim to its rival. In logarithms, texts with four times the bits per token would then hold at most "
        f"{4**BOUND - 1:.0%} more bits or {1 - 4**-BOUND:.0%} fewer. *Equivalent* means that two one-sided tests at "
        "5% reject any larger difference, *differs* that the 90% interval has only larger ones, and *not shown* that "
        "it has both.\n\nAt random tasks recovered bits are at most the bits that were drawn. A decoder alone needs "
        "more bits for these tokens, so the surprisal of the recovered tokens is tested too."
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
    bits, counted, logs, within = law.tests
    cut = sum(text.cut for text in law.texts)
    besides = "".join(
        f"; {count} {words}"
        for count, words in (
            (law.left_out, "are left out, because they are too short or nothing was recovered"),
            (cut, "were recovered to the end of their span or text, so their horizons are lower bounds"),
        )
        if count
    )
    return (
        f"**{plain(law.decoder)}**, {len(law.texts)} texts of {tasks}{besides}. One more bit per token changes the "
        f"recovered bits by {_slope(bits)} (claim: 0; if the limit were a number of tokens: {number(bits.rival)}): "
        f"{_says(bits)}. It changes the surprisal of the recovered tokens by {_slope(counted)}: {_says(counted)}. The "
        f"horizon varies as the bits per token to the power of {_slope(logs)} (claim: -1): {_says(logs)}. Within tasks "
        f"the power is {_slope(within)}: {_says(within)}."
    )


def _slope(test: Test) -> str:
    return interval(Interval(mean=test.slope.slope, low=test.slope.low, high=test.slope.high))


def _says(test: Test) -> str:
    if test.equivalence.holds:
        return "equivalent to the claim"
    return "it differs from the claim" if test.equivalence.fails else "equivalence is not shown"


def _published(evidence: Evidence) -> str:
    claims = [_linear(evidence), _step_by_step(evidence)]
    return _section("Against what was published", _DIFFERENCES, tables.published(evidence), *(c for c in claims if c))


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
    return (
        f"If capacity grew linearly with k, each vector would keep 100%. Published: {'; '.join(said)}. Ours are under "
        "[Several vectors](#several-vectors)."
        if said
        else ""
    )


def _step_by_step(evidence: Evidence) -> str:
    results = evidence.cram(None)
    samples = sum(len(result.records) for result in results)
    agreeing = sum(result.summary.greedy_confirmed for result in results)
    return (
        f"In step-by-step greedy decoding, from the vectors alone, {agreeing:,} of {samples:,} samples of `cram` give "
        "every token of their horizon. This is what the margin is for: argmax under teacher forcing does not ensure it."
        if samples
        else ""
    )


def _confirmed(evidence: Evidence) -> str:
    results = [r for submission in evidence.submissions for r in submission.results if not r.sealed]
    elsewhere = [result for result in results if _confirmed_elsewhere(result)]
    horizons = sum(result.summary.samples - len(result.summary.failures) for result in elsewhere)
    return _section(
        "Confirmed on another device",
        f"{len(elsewhere)} of {len(results)} results ({horizons:,} horizons) have every horizon confirmed on another "
        "device than the one that made them; `python scripts/confirmation_table.py` lists which, where, and what was "
        "measured again besides.",
    )


def _confirmed_elsewhere(result: Result) -> bool:
    made = {unit.device for unit in result.run.units}
    return any(line.device not in made for line in result.confirmations) and not result.disputes


def _empty(evidence: Evidence) -> str:
    planned = len(evidence.matrix.cells())
    said = (
        f"{planned - len(evidence.empty()):,} of the {planned:,} runs of [the matrix](../leaderboard/matrix.yaml) have "
        "a result, an encoder's run one for each span."
    )
    return _section("Runs without a result", said, tables.missing(evidence) or None)
