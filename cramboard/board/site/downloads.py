"""The board's data to download: results.json, leaderboard.csv, and results.parquet with a row a sample."""

import csv
import io
import json
from collections.abc import Sequence

from cramboard.board.site.entries import Result, Submission
from cramboard.board.site.standings import Standing
from cramboard.board.site.tables import Sealed
from cramboard.board.site.words import cell, named
from cramboard.results.words import plain
from cramboard.schema import BoardResult, BoardResults, to_json

MEASURES = (
    "tokens_per_vector", "bytes_per_vector", "recovered_bits", "source_bits", "density", "gain_bits_per_vector",
    "control_gain_bits_per_vector", "coder_efficiency",
)  # fmt: skip


def board_results(submissions: Sequence[Submission], placed: Sequence[Standing], sealed: Sealed) -> BoardResults:
    """Return every committed result, with its rank; runs of this machine are not among them."""
    by_page = {standing.result.page: standing for standing in placed}
    return BoardResults(
        results=tuple(
            _result(submission, result, by_page.get(result.page), sealed.get(result.likeness))
            for submission in submissions
            if not submission.local
            for result in submission.results
        )
    )


def _result(submission: Submission, result: Result, standing: Standing | None, twin: Result | None) -> BoardResult:
    run, summary = result.run, result.summary
    public = run.split == "public"
    return BoardResult(
        submission=submission.slug,
        name=named(submission.spec.name),
        kind=submission.spec.kind,
        cost_class=submission.cost_class(result),
        task=run.task,
        subset=plain(run.subset),
        split=run.split,
        decoder=run.decoder,
        method=run.method,
        k=run.k,
        seed=run.seed,
        span=run.span,
        rank=standing.rank if standing else None,
        unranked=standing.unranked if standing else "only the public samples, seed 0 and the declared span rank",
        samples=summary.samples,
        failures=len({failure.sample for failure in summary.failures}),
        measures=summary.measures,
        lengths=summary.lengths,
        stored=summary.stored,
        coarsest=result.coarsest,
        encode_seconds_per_sample=submission.seconds(result),
        device=plain(run.provenance.device, 80),
        sealed_tokens_per_vector=twin.summary.measures["tokens_per_vector"] if twin and public else None,
        sealed_gap=twin.gap if twin and public else None,
        confirmed_by=len(result.confirmations),
        confirmed_scope=("all" if result.confirmed_whole else "horizons") if result.confirmations else None,
        started=plain(run.started, 40),
        command=plain(run.command, 4000),
        verifier_version=summary.verifier_version,
        certificate_sha256=summary.certificate_sha256,
    )


def as_json(results: BoardResults) -> str:
    """Return results.json."""
    return to_json(results)


def schema_json() -> str:
    """Return the JSON Schema of results.json."""
    return json.dumps(BoardResults.model_json_schema(), indent=1, sort_keys=True) + "\n"


def as_csv(results: BoardResults) -> str:
    """Return leaderboard.csv: a row a result, safe to open in a spreadsheet."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    ends = [f"{name}{part}" for name in MEASURES for part in ("", "_low", "_high", "_at_least")]
    writer.writerow(
        (
            "submission", "name", "kind", "cost_class", "task", "task_version", "subset", "split",
            "decoder", "k", "seed", "span", "rank", "unranked", "samples", "failures",
            *ends, "coarsest", "encode_seconds_per_sample", "device",
            "sealed_tokens_per_vector", "sealed_gap", "sealed_gap_low", "sealed_gap_high", "sealed_gap_flagged",
            "confirmed_by", "confirmed_scope", "started", "verifier_version", "certificate_sha256",
        )
    )  # fmt: skip
    for row in results.results:
        sealed, gap = row.sealed_tokens_per_vector, row.sealed_gap
        values: list[str | float | None] = [
            row.submission, row.name, row.kind, row.cost_class, row.task.name, row.task.version, row.subset, row.split,
            row.decoder.name, row.k, row.seed, row.span, row.rank, row.unranked, row.samples, row.failures,
        ]  # fmt: skip
        for name in MEASURES:
            value = row.measures.get(name)
            values += [value.mean, value.low, value.high, value.at_least] if value else [None] * 4
        values += [row.coarsest, row.encode_seconds_per_sample, row.device, sealed.mean if sealed else None]
        values += [gap.gap.mean, gap.gap.low, gap.gap.high, gap.flagged] if gap else [None] * 4
        values += [row.confirmed_by, row.confirmed_scope, row.started, row.verifier_version, row.certificate_sha256]
        writer.writerow([cell(value) if isinstance(value, str) else value for value in values])
    return file.getvalue()


def as_parquet(submissions: Sequence[Submission], sealed: Sealed) -> bytes:
    """Return results.parquet: a row for each sample of each committed public result, without marks.

    The gap is its result's, the same on every row.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    committed = [(s, r) for s in submissions if not s.local for r in s.results]
    rows = [(s, r, record) for s, r in committed for record in r.records]
    # What takes a while to find is found once for a result, not for each of its records.
    costs: list[object] = [seconds for s, r in committed for seconds in [s.seconds(r)] * len(r.records)]
    twins = [twin for _, r in committed for twin in [sealed.get(r.likeness)] * len(r.records)]
    columns: dict[str, tuple[pa.DataType, list[object]]] = {
        "submission": (pa.string(), [s.slug for s, _, _ in rows]),
        "kind": (pa.string(), [s.spec.kind for s, _, _ in rows]),
        "task": (pa.string(), [r.run.task.name for _, r, _ in rows]),
        "task_version": (pa.string(), [r.run.task.version for _, r, _ in rows]),
        "split": (pa.string(), [r.run.split for _, r, _ in rows]),
        "decoder": (pa.string(), [plain(r.run.decoder.name, 80) for _, r, _ in rows]),
        "k": (pa.int32(), [r.run.k for _, r, _ in rows]),
        "seed": (pa.int64(), [r.run.seed for _, r, _ in rows]),
        "span_asked": (pa.int64(), [r.run.span for _, r, _ in rows]),
        "encode_seconds_per_sample": (pa.float64(), costs),
        "sample": (pa.string(), [record.sample for _, _, record in rows]),
        "author": (pa.string(), [plain(record.author) for _, _, record in rows]),
        "surprisal_bits_per_token": (pa.float64(), [r.surprisals.get(record.sample) for _, r, record in rows]),
    }
    whole = ("span", "tokens", "horizon", "greedy_horizon", "bytes", "coder_bound", "bfloat16_decoder_horizon")
    real = ("recovered_bits", "source_bits", "density", "coder_efficiency", "gain_bits", "control_gain_bits")
    for names, kind in ((whole, pa.int64()), (real, pa.float64()), (("censored", "self_limited"), pa.bool_())):
        columns |= {name: (kind, [getattr(record, name) for _, _, record in rows]) for name in names}
    columns["coarsest"] = (pa.string(), [record.coarsest for _, _, record in rows])
    gaps = [twin.gap if twin else None for twin in twins]
    columns |= {
        "sealed_gap": (pa.float64(), [gap.gap.mean if gap else None for gap in gaps]),
        "sealed_gap_low": (pa.float64(), [gap.gap.low if gap else None for gap in gaps]),
        "sealed_gap_high": (pa.float64(), [gap.gap.high if gap else None for gap in gaps]),
        "sealed_gap_flagged": (pa.bool_(), [gap.flagged if gap else None for gap in gaps]),
    }
    table = pa.table({name: pa.array(values, kind) for name, (kind, values) in columns.items()})
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue().to_pybytes())
