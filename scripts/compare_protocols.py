"""Put runs of published protocols, controls and `cram` beside one another: what each claims and what is certified.

    python scripts/compare_protocols.py RUN_DIR [RUN_DIR ..]

Reads finished run folders of the same samples and decoder, and no decoder; prints one markdown table on stdout, a row
a run. Runs of `kuratov2025` at several spans (`--span`) are one grid and one row: the row shows the run at the largest
length that the grid's own measure holds, or at the shortest if it holds none. The last row is no vector at all: what an
arithmetic coder with the same decoder does with the same stored bits. docs/protocols.md explains every column.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from statistics import fmean

from cramboard.cli.output import printable
from cramboard.errors import CramboardError, InputError
from cramboard.results import mean_interval
from cramboard.results.costs import seconds_per_sample
from cramboard.results.words import interval, number, plain, share, whole
from cramboard.run import CompleteRun, read_complete
from cramboard.schema import Interval, ProtocolClaim, SampleRecord
from cramboard.verify.published import (
    Attempt,
    Average,
    Faults,
    attempt,
    information_gain_bits,
    information_gain_nats,
    max_tokens,
    progressive_tokens,
    token_gain,
)

NOTHING = "-"
GRID_METHOD, PROGRESSIVE_METHOD = "kuratov2025", "tarasov2026"
COLUMNS = (
    "method", "layout", "k", "span", "accuracy claimed", "accuracy at the span", "its own measure, claimed",
    "its own measure, verified", "certified horizon", "share of the claim", "argmax horizon", "certified after t_1",
    "argmax after t_1", "recovered bits",
)  # fmt: skip


def main() -> int:
    """Print the table, or one line that says why there is none."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN_DIR")
    asked = parser.parse_args()
    try:
        print(table([read_complete(folder) for folder in asked.runs]))
    except CramboardError as error:
        print(f"compare_protocols: {printable(str(error))}", file=sys.stderr)
        return error.exit_code
    return 0


@dataclass(frozen=True)
class Entry:
    """A row: one run, or one protocol's runs over a grid of spans, shortest first."""

    runs: tuple[CompleteRun, ...]

    @property
    def shown(self) -> CompleteRun:
        """The run whose vectors the row is about: the longest that the protocol's measure holds, or the shortest."""
        attempts = self.attempts(claimed=True) if _claims(self.runs[0]) else self.attempts(claimed=False)
        held = [run for run, found in zip(self.runs, attempts, strict=True) if max_tokens(found)]
        return held[-1] if held else self.runs[0]

    def attempts(self, claimed: bool) -> list[list[Attempt]]:
        """Return the attempts of each run: as its protocol claims and counts them, or as they are verified.

        A sample without a result, or without a claim, counts 0.
        """
        return [_attempts(run, claimed) for run in self.runs]


def _attempts(run: CompleteRun, claimed: bool) -> list[Attempt]:
    decoder, claims = run.run.decoder, _claims(run)
    faults = Faults(_free_first(run), as_claimed=True) if claimed else Faults()
    counted = [record for record in run.records if not claimed or record.sample in claims]
    found = [attempt(record, decoder, faults, claims.get(record.sample)) for record in counted]
    length = found[0].length if found else _span_of(run)
    return found + [Attempt(length, 0.0, 0.0, 0.0)] * (len(run.run.samples) - len(found))


def table(runs: Sequence[CompleteRun]) -> str:
    """Return the caption and the markdown table.

    Raises:
        InputError: If the runs are not of the same samples and decoder, or one is given twice.
    """
    first = runs[0].run
    for run in runs[1:]:
        for what, one, other in (
            ("task", first.task, run.run.task),
            ("samples", sorted(first.samples), sorted(run.run.samples)),
            ("decoder", first.decoder.tensors_sha256, run.run.decoder.tensors_sha256),
        ):
            if one != other:
                raise InputError(
                    f"{first.method.name} and {run.run.method.name}: not of the same {what}; compare runs that are"
                )
    entries = list(_entries(runs))
    lengths = _lengths(runs)
    headers = (*COLUMNS, *(f"gain at {whole(n)}, bits" for n in lengths), "seconds a sample")
    rows = [headers, ("---",) * len(headers), *(_row(entry, lengths) for entry in entries)]
    rows += _coder_rows(runs, lengths)
    devices = sorted({unit.device for run in runs for unit in run.run.units})
    caption = f"{first.subset} {first.task.version}, {whole(len(first.samples))} samples, {first.decoder.name}"
    lines = [plain(f"{caption}; vectors made on {', '.join(devices) or 'an unknown device'}."), ""]
    lines += ["| " + " | ".join(cells) + " |" for cells in rows]
    failed = [f"{run.run.method.name} {len(_missing(run))}" for run in runs if _missing(run)]
    if failed:
        lines += ["", f"Samples without a result, counted as 0: {', '.join(failed)}."]
    return "\n".join(lines)


def _entries(runs: Sequence[CompleteRun]) -> Iterator[Entry]:
    """Yield the rows in the order in which their first runs are given."""
    grouped: dict[str, list[CompleteRun]] = {}
    for run in runs:
        record = run.run
        about = [record.method.model_dump_json(), record.decoder.model_dump_json(), str(record.k), str(record.seed)]
        if record.method.name != GRID_METHOD:
            about.append(str(record.span))
        grouped.setdefault("\n".join(about), []).append(run)
    for found in grouped.values():
        ordered = sorted(found, key=_span_of)
        if len({_span_of(run) for run in ordered}) < len(ordered):
            raise InputError(f"{found[0].run.method.name}: the same run is given twice; leave one out")
        yield Entry(tuple(ordered))


def _row(entry: Entry, lengths: Sequence[int]) -> tuple[str, ...]:
    shown = entry.shown
    record = shown.run
    horizon = _mean(shown, lambda one: one.horizon, shown.summary.censored > 0)
    others: list[Callable[[SampleRecord], float]] = [
        lambda one: one.other_horizons.argmax,
        lambda one: one.other_horizons.after_first,
        lambda one: one.other_horizons.argmax_after_first,
    ]
    claimed, verified, tokens = _own_measures(entry)
    return (
        plain(f"{record.method.name} {record.preset or 'with settings of its own'}"),
        record.decoder.layout,
        str(record.k),
        _span(entry),
        _percent([claim.accuracy for claim in _claims(shown).values()]),
        share(_interval(shown, lambda one: one.at_span.accuracy)),
        claimed,
        verified,
        horizon,
        _percent([fmean(_values(shown, lambda one: one.horizon)) / tokens] if tokens else []),
        *(_mean(shown, of) for of in others),
        _mean(shown, lambda one: one.recovered_bits, shown.summary.censored > 0),
        *(_gain(shown, n) for n in lengths),
        _seconds(entry),
    )


def _percent(shares: Sequence[float]) -> str:
    return f"{100 * fmean(shares):.2f}%" if shares else NOTHING


def _own_measures(entry: Entry) -> tuple[str, str, float]:
    """Return a protocol's own measure as it is claimed and as it is verified, and the tokens that it claims to hold."""
    shown = entry.shown
    name, claims = shown.run.method.name, _claims(shown)
    if name == GRID_METHOD and claims:
        claimed, verified = (list(chain.from_iterable(entry.attempts(which))) for which in (True, False))
        return _grid(claimed), _grid(verified), max_tokens(claimed)
    if name == PROGRESSIVE_METHOD and claims:
        tokens = sum(claim.tokens for claim in claims.values()) / len(shown.run.samples)
        held = fmean(_values(shown, progressive_tokens))
        return f"{number(tokens)} tokens at 100%", f"{number(held)} tokens at 100%", tokens
    return NOTHING, NOTHING, 0.0


def _grid(attempts: Sequence[Attempt]) -> str:
    gain, nats, bits = token_gain(attempts), information_gain_nats(attempts), information_gain_bits(attempts)
    held = f"Max {whole(max_tokens(attempts))}"
    if gain is None or nats is None or bits is None:
        return f"{held}; no failing run to average a gain over"
    return (
        f"{held}; Gain {_average(gain)} tokens, IG {_average(nats)} nats ({number(bits.mean)} bits) "
        f"over {whole(gain.attempts)} failing of {whole(len(attempts))}"
    )


def _average(average: Average) -> str:
    return number(average.mean) + ("" if average.deviation is None else f"±{number(average.deviation)}")


def _coder_rows(runs: Sequence[CompleteRun], lengths: Sequence[int]) -> Iterator[tuple[str, ...]]:
    """Yield a line for each size of vectors: what an arithmetic coder fits into as many bits.

    Its horizon are the tokens that fit, its gains are all the bits that the text has: the most that vectors can gain.
    """
    # A bare layout may not foretell t_1, which an arithmetic coder has to code too.
    anchored = [run for run in runs if run.run.decoder.layout == "anchored" and run.records] or runs
    sizes: dict[tuple[int, int], CompleteRun] = {}
    for run in anchored:
        if run.records:
            bits = run.records[0].stored[run.files.certificate.dtype].bits
            sizes.setdefault((run.run.k, bits), run)
    for (k, bits), run in sorted(sizes.items()):
        fits = [record.tokens if record.coder_bound is None else record.coder_bound - 1 for record in run.records]
        open_ended = any(record.coder_bound is None for record in run.records)
        cells = dict.fromkeys(COLUMNS, NOTHING) | {
            "method": f"arithmetic coder, in the {whole(bits)} bits of k = {k}",
            "layout": run.run.decoder.layout,
            "k": "0",
            "accuracy at the span": "100%",
            "certified horizon": (">= " if open_ended else "") + number(fmean(fits)),
        }
        yield (*cells.values(), *(_surprisal(run, n) for n in lengths), NOTHING)


def _surprisal(run: CompleteRun, n: int) -> str:
    found = [row.surprisal_bits for record in run.records for row in record.lengths if row.length == n]
    return f"{number(fmean(found))} ({number(fmean(found) / 8)} bytes)" if found else NOTHING


def _lengths(runs: Sequence[CompleteRun]) -> list[int]:
    """Return the fixed lengths up to the first that no span exceeds."""
    longest = max((record.span for run in runs for record in run.records), default=0)
    known = sorted({row.length for run in runs for record in run.records for row in record.lengths})
    reached = [n for n in known if n < longest]
    return known[: len(reached) + 1]


def _gain(run: CompleteRun, n: int) -> str:
    at = run.summary.lengths.get(n)
    return interval(at["gain_bits_per_vector"], run.run.k) if at else NOTHING


def _span(entry: Entry) -> str:
    spans = [whole(_span_of(run)) for run in entry.runs]
    shown = whole(_span_of(entry.shown))
    return shown if len(spans) == 1 else f"{shown} (of {', '.join(spans)})"


def _seconds(entry: Entry) -> str:
    """Write what making one sample's vectors took; a grid's measure needs all of its runs."""
    found = [seconds_per_sample(run.run.units) for run in entry.runs]
    return number(sum(seconds for seconds in found if seconds is not None)) if None not in found else NOTHING


def _free_first(run: CompleteRun) -> bool:
    """Say whether the protocol counts the first token without scoring it."""
    return bool(run.run.method.settings.get("free_first"))


def _claims(run: CompleteRun) -> dict[str, ProtocolClaim]:
    verified = {record.sample for record in run.records}
    return {claim.sample: claim for unit in run.run.units for claim in unit.claims if claim.sample in verified}


def _missing(run: CompleteRun) -> list[str]:
    verified = {record.sample for record in run.records}
    return [sample for sample in run.run.samples if sample not in verified]


def _span_of(run: CompleteRun) -> int:
    return run.run.span or max((record.span for record in run.records), default=0)


def _values(run: CompleteRun, of: Callable[[SampleRecord], float]) -> list[float]:
    return [float(of(record)) for record in run.records] + [0.0] * len(_missing(run))


def _interval(run: CompleteRun, of: Callable[[SampleRecord], float], at_least: bool = False) -> Interval:
    authors: Iterable[tuple[str, str]] = [("author", record.author) for record in run.records]
    return mean_interval(_values(run, of), [*authors, *(("sample", one) for one in _missing(run))], at_least)


def _mean(run: CompleteRun, of: Callable[[SampleRecord], float], at_least: bool = False) -> str:
    return interval(_interval(run, of, at_least))


if __name__ == "__main__":
    sys.exit(main())
