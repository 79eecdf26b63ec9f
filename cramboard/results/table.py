"""The closing table: a summary in plain words, the same on the terminal and on the page."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cramboard.results.words import interval, plain, share, whole
from cramboard.schema import Interval, Summary

if TYPE_CHECKING:
    from rich.console import Console

HELD = "What one vector holds"
STORED = "Tokens per vector if stored as"
SURE = "How sure this is"
NONE = "No result (counted as 0)"

# measure -> label, how it is written, and one line that says what it is.
_MEASURES = {
    "tokens_per_vector": (
        "Tokens per vector",
        interval,
        "the longest prefix that is recovered exactly, every token with a margin of at least 0.05",
    ),
    "bytes_per_vector": ("Bytes of text per vector", interval, "the same prefix in UTF-8"),
    "recovered_bits": (
        "Recovered bits per sample",
        interval,
        "the surprisal of that prefix, at random tasks at most the source entropy: what exact recovery delivers",
    ),
    "source_bits": (
        "Source entropy of the prefix, bits per sample",
        interval,
        "the bits needed to draw that prefix at random, which cap its recovered bits",
    ),
    "density": ("Density, bits per number", interval, "recovered bits per number in the vectors"),
    "coder_efficiency": ("Coder efficiency", share, "recovered bits / stored bits"),
    "gain_bits_per_vector": (
        "Information gain, bits per vector",
        interval,
        "how much the vectors lower the text's cross-entropy up to the horizon",
    ),
    "control_gain_bits_per_vector": (
        "Constant control's gain, bits per vector",
        interval,
        "the same for one vector that knows the genre but not the text",
    ),
}


@dataclass(frozen=True)
class Row:
    """One line of the closing table; `note` says in plain words what the label means."""

    section: str
    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class LengthRow:
    """One fixed length: gains with intervals, and shares, as text."""

    length: str
    gain: str
    control: str
    accuracy: str
    token_gain: str
    utilisation: str


def closing_rows(summary: Summary) -> list[Row]:
    """Return the closing table without the fixed lengths (those are `length_rows`)."""
    return [*_held(summary), *_stored(summary), *_sure(summary), *_failed(summary)]


def closing_sections(summary: Summary) -> dict[str, list[Row]]:
    """Return the rows of the closing table under their section's title, in order."""
    sections: dict[str, list[Row]] = {}
    for row in closing_rows(summary):
        sections.setdefault(row.section, []).append(row)
    return sections


def length_rows(summary: Summary) -> list[LengthRow]:
    """Return the measures at the task's fixed lengths, shortest first."""
    return [
        LengthRow(
            length=whole(length),
            gain=_written(measures, "gain_bits_per_vector"),
            control=_written(measures, "control_gain_bits_per_vector"),
            accuracy=share(measures["accuracy"]) if "accuracy" in measures else "",
            token_gain=_written(measures, "token_gain"),
            utilisation=share(measures["utilisation"]) if "utilisation" in measures else "",
        )
        for length, measures in sorted(summary.lengths.items())
    ]


def measured(summary: Summary) -> int:
    """Return how many of the planned samples have a result."""
    return summary.samples - len({failure.sample for failure in summary.failures})


def print_summary(summary: Summary, console: "Console") -> None:
    """Print the closing table on `console` (rich); every untrusted word goes in as text, not as markup."""
    from rich.table import Table
    from rich.text import Text

    subject = f"{summary.subset} {summary.task.version}, {summary.decoder.name}, {summary.method.name}"
    console.print()
    console.print(Text(plain(f"{subject}, k = {summary.k}, seed {summary.seed}"), style="bold"))
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    for section, rows in closing_sections(summary).items():
        table.add_row("", "")
        table.add_row(Text(section, style="dim"), "")
        for row in rows:
            table.add_row(Text(f"  {row.label}"), Text(row.value))
    console.print(table)
    if summary.lengths:
        lengths = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
        for header in ("  Tokens", "Gain, bits per vector", "Control's", "Correct"):
            lengths.add_column(header)
        for at in length_rows(summary):
            lengths.add_row(*map(Text, (f"  {at.length}", at.gain, at.control, at.accuracy)))
        console.print()
        console.print(Text("Over the first tokens of each sample", style="dim"))
        console.print(lengths)
    console.print()


def print_curve(summaries: Mapping[int, Summary], console: "Console") -> None:
    """Print an encoder's curve on `console` (rich): tokens per vector at each span, shortest first."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for header in ("  Span", "Tokens per vector", "Recovered bits"):
        table.add_column(header)
    for span, summary in sorted(summaries.items()):
        measures = summary.measures
        table.add_row(
            Text(f"  {whole(span)}"),
            Text(_written(measures, "tokens_per_vector")),
            Text(_written(measures, "recovered_bits")),
        )
    console.print(Text("At every span", style="dim"))
    console.print(table)


def _written(measures: dict[str, Interval], name: str) -> str:
    return interval(measures[name]) if name in measures else ""


def _held(summary: Summary) -> Iterator[Row]:
    for name, (label, write, note) in _MEASURES.items():
        if name in summary.measures:
            yield Row(HELD, label, write(summary.measures[name]), note)


def _stored(summary: Summary) -> Iterator[Row]:
    for dtype, horizon in summary.stored.items():
        yield Row(STORED, dtype, interval(horizon))


def _sure(summary: Summary) -> Iterator[Row]:
    results = measured(summary)
    yield Row(SURE, "Samples", f"{whole(results)} of {whole(summary.samples)}", "with a result, of those planned")
    yield Row(
        SURE,
        "Step-by-step greedy decoding",
        f"{whole(summary.greedy_confirmed)} of {whole(results)} agree",
        "it reaches the horizon too",
    )
    if summary.censored:
        yield Row(
            SURE,
            "Text ended first (censored)",
            whole(summary.censored),
            "the text or the context ended before the vectors failed, so the means are lower bounds",
        )
    if summary.self_limited:
        yield Row(
            SURE,
            "Stopped at its target (self-limited)",
            whole(summary.self_limited),
            "the method stopped at its own target; with a longer one it might hold more",
        )


def _failed(summary: Summary) -> Iterator[Row]:
    for failure in summary.failures:
        yield Row(NONE, plain(failure.sample, 60), plain(failure.reason))
