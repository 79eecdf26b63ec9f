"""The findings' tables: one function each, from results to rows; every row ends with the file that it came from."""

import math
from collections.abc import Callable, Sequence

from cramboard.board.findings.law import Law
from cramboard.board.findings.results import Evidence, authors_of
from cramboard.board.site.entries import DTYPES, Result
from cramboard.board.site.plots.capacity import theoretical_capacity
from cramboard.results.bootstrap import mean_interval
from cramboard.results.ratio import ratio_interval
from cramboard.results.words import interval, number, plain, share
from cramboard.schema import Interval, SampleRecord

Rows = Sequence[tuple[str, ...]]


def table(headings: Sequence[str], rows: Rows) -> str:
    """Return a table in Markdown; nothing without rows."""
    if not rows:
        return ""
    lines: list[Sequence[str]] = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def names(result: Result) -> tuple[str, str]:
    """Return a result's task and decoder."""
    return plain(result.run.task.name), plain(result.run.decoder.name)


def reached(evidence: Evidence) -> str:
    """What one vector holds."""
    rows = [
        (
            *names(r),
            str(r.summary.samples),
            interval(r.summary.measures["tokens_per_vector"]),
            interval(r.summary.measures["recovered_bits"]),
            interval(r.summary.measures["density"]),
            interval(r.summary.measures["gain_bits_per_vector"]),
            interval(r.summary.measures["control_gain_bits_per_vector"]),
            evidence.file(r),
        )
        for r in evidence.cram()
    ]
    headings = (
        "task", "decoder", "samples", "tokens per vector", "recovered bits", "bits per number", "gain, bits",
        "control's gain", "file",
    )  # fmt: skip
    return table(headings, rows)


def tests(found: Sequence[Law], evidence: Evidence) -> str:
    """The claim's slopes with their equivalence tests."""
    rows = []
    for law in found:
        for test in law.tests:
            same = test.equivalence
            size = max(abs(value) for value in (test.slope.low, test.slope.high, same.least, same.most))
            rows.append(
                (
                    plain(law.decoder),
                    test.what,
                    interval(Interval(mean=test.slope.slope, low=test.slope.low, high=test.slope.high)),
                    f"{number(test.claimed, size)} / {number(test.rival, size)}",
                    f"{number(same.least, size)} to {number(same.most, size)}",
                    f"{number(same.low, size)} to {number(same.high, size)}",
                    f"{same.p:.4f}",
                    "equivalent" if same.holds else "differs" if same.fails else "not shown",
                )
            )
    headings = (
        "decoder", "slope of", "slope", "claim / rival", "negligible", "90% interval", "p", "the claim",
    )  # fmt: skip
    files = ", ".join(evidence.file(r, "samples.jsonl") for law in found for r in law.results if law.tests)
    return f"{table(headings, rows)}\n\nFiles: {files}."


def shares(evidence: Evidence) -> str:
    """How far one vector is from what it could hold."""
    rows = []
    for r in evidence.cram():
        if not r.records:
            continue
        most = theoretical_capacity(r)
        bounds = [float(one.tokens if one.coder_bound is None else one.coder_bound) for one in r.records]
        short = any(one.coder_bound is None for one in r.records)
        horizons = [float(one.horizon) for one in r.records]
        of_bound = ratio_interval(horizons, bounds, authors_of(r.records))
        headline = r.summary.measures["tokens_per_vector"]
        rows.append(
            (
                *names(r),
                interval(headline),
                "" if most is None else number(most),
                "" if most is None else interval(headline, 100 / most, "%"),
                ("≥ " if short else "") + number(math.fsum(bounds) / len(bounds)),
                ("at most " if short else "") + share(of_bound),
                evidence.file(r),
            )
        )
    headings = (
        "task", "decoder", "tokens", "theoretical capacity", "share of capacity", "coder bound", "share of bound",
        "file",
    )  # fmt: skip
    return table(headings, rows)


def several(evidence: Evidence) -> str:
    """What each of several vectors holds, beside one alone on the same samples."""
    alone = {names(r): {record.sample: record for record in r.records} for r in reversed(evidence.cram())}
    rows = []
    for r in evidence.cram(None):
        if r.run.k == 1 or not r.records:
            continue
        ones = alone.get(names(r), {})
        same = [record for record in r.records if record.sample in ones]
        beside = [ones[record.sample] for record in same]
        ended = r.summary.measures["tokens_per_vector"].at_least
        rows.append(
            (
                *names(r),
                str(r.run.k),
                str(r.summary.samples),
                interval(r.summary.measures["tokens_per_vector"]),
                interval(r.summary.measures["recovered_bits"], 1 / r.run.k),
                _against(same, beside, r.run.k, lambda record: record.recovered_bits, ended),
                _against(same, beside, r.run.k, lambda record: float(record.horizon), ended),
                interval(r.summary.measures["gain_bits_per_vector"]),
                _against(same, beside, r.run.k, lambda record: record.gain_bits),
                evidence.file(r),
            )
        )
    headings = (
        "task", "decoder", "k", "samples", "tokens per vector", "recovered bits per vector", "bits, relative to k = 1",
        "tokens, relative to k = 1", "gain, bits per vector", "gain, relative to k = 1", "file",
    )  # fmt: skip
    return table(headings, rows)


def _against(
    these: Sequence[SampleRecord],
    ones: Sequence[SampleRecord],
    k: int,
    measure: Callable[[SampleRecord], float],
    at_least: bool = False,
) -> str:
    held = [measure(one) for one in ones]
    if not these or sum(held) <= 0:
        return "no result of one vector"
    found = ratio_interval([measure(one) / k for one in these], held, authors_of(these))
    return share(found.model_copy(update={"at_least": at_least}))


def coarser(evidence: Evidence) -> str:
    """What coarser storage of one vector keeps of the horizon."""
    rows = []
    for r in evidence.cram():
        if not any(record.horizon for record in r.records):
            continue
        whole, authors = [float(record.horizon) for record in r.records], authors_of(r.records)
        kept = []
        for dtype in DTYPES[1:]:
            there = all(dtype in record.stored for record in r.records)
            held = [float(record.stored[dtype].horizon) for record in r.records] if there else []
            kept.append(share(ratio_interval(held, whole, authors)) if there else "")
        rows.append((*names(r), interval(r.summary.measures["tokens_per_vector"]), *kept, evidence.file(r)))
    return table(("task", "decoder", "float32: tokens", *(f"{dtype} keeps" for dtype in DTYPES[1:]), "file"), rows)


def seeds(evidence: Evidence) -> str:
    """How much another seed changes."""
    rows = []
    for base in evidence.cram(None):
        others = [
            r
            for r in (evidence.baseline.results if evidence.baseline else ())
            if (r.run.seed, r.run.span, r.run.split) != (0, None, "public")
            and r.run.seed
            and r.run.span is None
            and (names(r), r.run.k, r.run.subset) == (names(base), base.run.k, base.run.subset)
        ]
        for r in sorted(others, key=lambda one: one.run.seed):
            first = {record.sample: record.horizon / base.run.k for record in base.records}
            same = [record for record in r.records if record.sample in first]
            if same:
                differences = [record.horizon / r.run.k - first[record.sample] for record in same]
                rows.append(
                    (
                        *names(r),
                        str(r.run.k),
                        str(r.run.seed),
                        interval(r.summary.measures["tokens_per_vector"]),
                        interval(mean_interval(differences, authors_of(same))),
                        number(math.sqrt(math.fsum(d * d for d in differences) / len(differences))),
                        evidence.file(r),
                    )
                )
    headings = (
        "task", "decoder", "k", "seed", "tokens per vector", "difference to seed 0", "RMS change per text, tokens",
        "file",
    )  # fmt: skip
    return table(headings, rows)


def others(evidence: Evidence) -> str:
    """What every other submission holds."""
    rows = [
        (
            *names(r),
            plain(submission.spec.name, 60),
            str(r.run.k),
            str(r.summary.samples),
            interval(r.summary.measures["tokens_per_vector"]),
            interval(r.summary.measures["gain_bits_per_vector"]),
            "" if (seconds := submission.seconds(r)) is None else number(seconds),
            evidence.file(r),
        )
        for submission in evidence.submissions
        if submission is not evidence.baseline
        for r in sorted(submission.results, key=lambda one: (one.run.task.name, one.run.decoder.name, one.run.k))
        if r.headline
    ]
    headings = (
        "task", "decoder", "method", "k", "samples", "tokens per vector", "gain at the horizon, bits per vector",
        "s per sample", "file",
    )  # fmt: skip
    return table(headings, sorted(rows))


def published(evidence: Evidence) -> str:
    """Published figures beside `cram` and the same protocol here, of the same model: prose beside prose."""
    rows = [
        (
            f"{plain(source.authors)} {source.year}, {plain(row.decoder)}, {plain(row.text)}"
            + (f" ({plain(row.note)})" if row.note else ""),
            number(row.tokens),
            plain(submission.spec.name, 60),
            *names(r),
            interval(r.summary.measures["tokens_per_vector"]),
            _argmax(r),
            evidence.file(r),
        )
        for source in evidence.reported.sources
        for one in source.tables
        for row in one.rows
        if row.tokens is not None
        for submission in evidence.submissions
        if submission is evidence.baseline or (source.method and submission.spec.method == source.method)
        for r in submission.results
        if r.headline and r.run.k == row.k and r.run.decoder.name.startswith(row.decoder.lower())
        if _alike(r, row.text)
    ]
    headings = ("published", "tokens", "here: method", "task", "decoder", "tokens per vector", "by argmax", "file")
    return table(headings, sorted(rows))


def _argmax(result: Result) -> str:
    """Return the leading tokens that are right without a margin, after t_1 where nothing foretells it."""
    horizons = [
        r.other_horizons.argmax_after_first if result.own_layout else r.other_horizons.argmax for r in result.records
    ]
    return interval(mean_interval([h / result.run.k for h in horizons], authors_of(result.records)))


def _alike(result: Result, text: str) -> bool:
    """Whether a result's task is of the published kind: random texts by name, and any prose beside prose."""
    if text.startswith("random"):
        return result.run.task.name == text.replace(" ", "-")
    return all(record.source_bits is None for record in result.records)


def missing(evidence: Evidence) -> str:
    """Runs that are planned and have no result: a row for each method, k and reason, a column for each decoder."""
    decoders = sorted({cell.decoder for cell in evidence.matrix.cells()})
    tasks: dict[tuple[str, str], dict[str, list[str]]] = {}
    for cell, why in evidence.empty():
        run = cell.name.removeprefix(f"{cell.task}/{cell.decoder}/")
        tasks.setdefault((run, why), {}).setdefault(cell.decoder, []).append(cell.task)
    rows = [
        (f"`{run}`", *(", ".join(of.get(decoder, ())) or "-" for decoder in decoders), plain(why, 300))
        for (run, why), of in tasks.items()
    ]
    return table(("run", *decoders, "why"), rows)
