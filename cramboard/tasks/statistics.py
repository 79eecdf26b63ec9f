"""What the numbers of a data card are: statistics of a task under a decoder, and the table that shows them."""

import re
from collections.abc import Iterable, Sequence
from statistics import fmean, median, quantiles

from cramboard.errors import InputError
from cramboard.schema import DecoderRef, DecoderStatistics, SurprisalStretch, TaskStatistics, TokenCounts

STATISTICS_FILE = "statistics.json"
CARD_FILE = "README.md"
FIGURE_FILE = "surprisal.svg"
# Tokens of each sample whose surprisal is measured.
SCORED_TOKENS = 2_048
_FIRST_STRETCH = 8
_TABLE = re.compile(r"(<!-- statistics -->\n).*?(<!-- /statistics -->\n)", re.DOTALL)


def describe(decoder: DecoderRef, tokens: Sequence[int], bits: Sequence[Sequence[float]]) -> DecoderStatistics:
    """Return the statistics of some samples.

    Args:
        decoder: The decoder.
        tokens: The number of tokens of each sample, whole.
        bits: The surprisal of each sample's first tokens, `SCORED_TOKENS` of them where it has so many.
    """
    longest = max(map(len, bits))
    stretches = []
    first, last = 1, _FIRST_STRETCH
    while last <= longest:
        stretches.append(_stretch(first, last, [scores for scores in bits if len(scores) >= last]))
        first, last = last + 1, 2 * last
    return DecoderStatistics(
        decoder=decoder,
        tokens=TokenCounts(least=min(tokens), median=median(tokens), most=max(tokens)),
        surprisal=_stretch(1, longest, bits),
        stretches=tuple(stretches),
    )


def card_table(statistics: TaskStatistics) -> str:
    """Return the card's table, in Markdown."""
    rows = [
        "| decoder | tokens: least | median | most | surprisal, bits per token | 10th to 90th percentile |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    rows += [_row(entry) for entry in statistics.decoders]
    scored = f"{max(entry.surprisal.last for entry in statistics.decoders):,}"
    note = (
        f"{statistics.samples} public samples of {statistics.task.name} {statistics.task.version}. Surprisal is that "
        f"of the decoder alone (anchor, no vectors) in float32, averaged over the first {scored} tokens of a sample. "
        "The last two columns are its mean and its 10th and 90th percentile over samples."
    )
    return "\n".join([*rows, "", note, ""])


def with_table(card: str, table: str, where: str) -> str:
    """Return a card with `table` between its two marks.

    Raises:
        InputError: If the card has not these marks.
    """
    changed, times = _TABLE.subn(lambda found: f"{found[1]}\n{table}\n{found[2]}", card)
    if times != 1:
        raise InputError(f"{where}: put the lines <!-- statistics --> and <!-- /statistics --> into it, once")
    return changed


def _stretch(first: int, last: int, bits: Iterable[Sequence[float]]) -> SurprisalStretch:
    means = [fmean(scores[first - 1 : last]) for scores in bits]
    tenths = quantiles(means, n=10, method="inclusive") if len(means) > 1 else means
    return SurprisalStretch(
        first=first,
        last=last,
        samples=len(means),
        mean=_rounded(fmean(means)),
        low=_rounded(tenths[0]),
        high=_rounded(tenths[-1]),
    )


def _rounded(bits: float) -> float:
    """Keep what another machine would measure too."""
    return round(bits, 4)


def _row(entry: DecoderStatistics) -> str:
    tokens, bits = entry.tokens, entry.surprisal
    counts = f"{tokens.least:,} | {tokens.median:,.0f} | {tokens.most:,}"
    return f"| {entry.decoder.name} | {counts} | {bits.mean:.2f} | {bits.low:.2f} to {bits.high:.2f} |"
