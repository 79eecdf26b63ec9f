"""The aggregates of a run: means over every planned sample, never over the successful ones only."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import get_args

from cramboard.errors import InputError
from cramboard.keys import sha256_text
from cramboard.results.bootstrap import mean_interval
from cramboard.schema import (
    Failure,
    Interval,
    LengthMeasures,
    RunRecord,
    SampleRecord,
    StoredDtype,
    Summary,
    to_jsonl,
)

# The measures that can only grow when a censored sample's text goes on: their means print as `>=`. An
# information gain can also fall with further tokens, so it is not among them.
HORIZON_LIKE = frozenset(
    {"tokens_per_vector", "bytes_per_vector", "recovered_bits", "source_bits", "density", "coder_efficiency"}
)

Intervals = Callable[[Sequence[Sequence[float]], Sequence[Hashable]], list[Interval]]
"""Makes the interval of each row of values; `authors[i]` is whose sample the i-th value of every row is."""


def one_by_one(rows: Sequence[Sequence[float]], authors: Sequence[Hashable]) -> list[Interval]:
    """Return the intervals to file: the same on every machine."""
    return [mean_interval(row, authors) for row in rows]


def summarise(
    run: RunRecord,
    records: Sequence[SampleRecord],
    failures: Iterable[Failure],
    verifier_version: int,
    certificate_sha256: str,
    intervals: Intervals = one_by_one,
) -> Summary:
    """Return the summary of `run`; the order of records and failures does not change a byte of it.

    - Every sample that the run planned is in every mean; one without a record counts 0 and is listed among
      the failures, even if nobody reported why.
    - A fixed length is shown if at least one text reaches it. A text too short for it is no failure of the
      method (it is too short for every method) and is left out of that length; a sample without a record
      counts 0 at every length, since how far its text reaches was not measured.
    - Bytes are left out where the tokens have no text, the source entropy where the source is not known.
    - Intervals are clustered by author. A sample without a record is a cluster of its own: its author is in
      its record.
    - `at_least` is set on a horizon-like mean with a censored sample in it, and on a stored dtype's mean if a
      censored sample keeps its whole horizon under that dtype.
    - `intervals` may be a faster way to the same numbers, for a summary that is compared and not written.

    Raises:
        InputError: If the run plans no samples, or a record or failure does not belong to it.
    """
    found = _records_of(run, records)
    planned = sorted(run.samples)
    listed = _failures_of(run, found, failures)

    k = run.k
    measures: dict[str, Callable[[SampleRecord], float]] = {
        "tokens_per_vector": lambda record: record.horizon / k,
        "bytes_per_vector": lambda record: (record.bytes or 0) / k,
        "recovered_bits": lambda record: record.recovered_bits,
        "source_bits": lambda record: record.source_bits or 0.0,
        "density": lambda record: record.density,
        "coder_efficiency": lambda record: record.coder_efficiency,
        "gain_bits_per_vector": lambda record: record.gain_bits / k,
        "control_gain_bits_per_vector": lambda record: record.control_gain_bits / k,
    }
    if any(record.bytes is None for record in found.values()):
        del measures["bytes_per_vector"]
    if all(record.source_bits is None for record in found.values()):
        del measures["source_bits"]
    dtypes = _dtypes(found.values())
    clusters = [_cluster(found, sample) for sample in planned]
    columns = [*measures.values(), *(_stored_horizon(dtype, k) for dtype in dtypes)]
    means = intervals([[of(found[s]) if s in found else 0.0 for s in planned] for of in columns], clusters)
    censored = sum(record.censored for record in found.values())
    return Summary(
        task=run.task,
        subset=run.subset,
        split=run.split,
        decoder=run.decoder,
        ranked=run.ranked,
        method=run.method,
        k=k,
        seed=run.seed,
        verifier_version=verifier_version,
        certificate_sha256=certificate_sha256,
        samples_sha256=sha256_text(to_jsonl([found[sample] for sample in sorted(found)])),
        samples=len(planned),
        measures={
            name: _marked(mean, name in HORIZON_LIKE and censored > 0)
            for name, mean in zip(measures, means, strict=False)
        },
        lengths=_lengths(planned, found, k, intervals),
        stored={
            dtype: _marked(mean, any(_reaches_end(record, dtype) for record in found.values()))
            for dtype, mean in zip(dtypes, means[len(measures) :], strict=True)
        },
        censored=censored,
        self_limited=sum(record.self_limited for record in found.values()),
        greedy_confirmed=sum(record.greedy_horizon >= record.horizon for record in found.values()),
        failures=listed,
    )


def _records_of(run: RunRecord, records: Sequence[SampleRecord]) -> dict[str, SampleRecord]:
    """Return the records by sample, refusing what the run did not plan or has twice."""
    if not run.samples:
        raise InputError("run.json: the run plans no samples; start it again with at least one")
    if len(set(run.samples)) < len(run.samples):
        raise InputError("run.json: field samples: a sample is planned twice; restore the file")
    found = {record.sample: record for record in records}
    if len(found) < len(records):
        raise InputError("samples.jsonl: a sample has two records; verify the run again")
    strangers = sorted(set(found) - set(run.samples))
    if strangers:
        raise InputError(f"samples.jsonl: sample {strangers[0]!r} is not in run.json; verify the run again")
    return found


def _failures_of(run: RunRecord, found: dict[str, SampleRecord], failures: Iterable[Failure]) -> tuple[Failure, ...]:
    """Return one entry or more for each sample without a record, in order of sample and reason."""
    reasons = {(failure.sample, failure.reason) for failure in failures}
    named, planned = {sample for sample, _ in reasons}, set(run.samples)
    for sample in sorted(named):
        if sample not in planned:
            raise InputError(f"failures: sample {sample!r} is not in run.json; verify the run again")
        if sample in found:
            raise InputError(f"failures: sample {sample!r} has a result as well; verify the run again")
    silent = planned - set(found) - named
    reasons |= {(sample, "no verified result") for sample in silent}
    return tuple(Failure(sample=sample, reason=reason) for sample, reason in sorted(reasons))


def _cluster(found: dict[str, SampleRecord], sample: str) -> Hashable:
    """Return the author of a sample, or the sample itself when no record names its author."""
    return ("author", found[sample].author) if sample in found else ("sample", sample)


def _dtypes(records: Iterable[SampleRecord]) -> list[StoredDtype]:
    """Return the stored dtypes that any record has, finest first."""
    present = {dtype for record in records for dtype in record.stored}
    return [dtype for dtype in get_args(StoredDtype) if dtype in present]


def _stored_horizon(dtype: StoredDtype, k: int) -> Callable[[SampleRecord], float]:
    """Return the measure 'horizon per vector when stored as `dtype`' (0 where a record lacks it)."""
    return lambda record: record.stored[dtype].horizon / k if dtype in record.stored else 0.0


def _reaches_end(record: SampleRecord, dtype: StoredDtype) -> bool:
    return record.censored and dtype in record.stored and record.stored[dtype].horizon >= record.horizon


def _marked(mean: Interval, at_least: bool) -> Interval:
    return mean.model_copy(update={"at_least": at_least})


def _lengths(
    planned: list[str], found: dict[str, SampleRecord], k: int, intervals: Intervals
) -> dict[int, dict[str, Interval]]:
    """Return the measures at each fixed length that a text reaches, over those texts and the missing ones."""
    at: dict[str, dict[int, LengthMeasures]] = {
        sample: {measures.length: measures for measures in record.lengths} for sample, record in found.items()
    }
    measures: dict[str, Callable[[LengthMeasures], float]] = {
        "gain_bits_per_vector": lambda row: row.gain_bits / k,
        "control_gain_bits_per_vector": lambda row: row.control_gain_bits / k,
        "accuracy": lambda row: row.accuracy,
        "token_gain": lambda row: row.token_gain,
        "utilisation": lambda row: row.utilisation,
    }
    result: dict[int, dict[str, Interval]] = {}
    for length in sorted({length for rows in at.values() for length in rows}):
        counted = [sample for sample in planned if sample not in found or length in at[sample]]
        clusters = [_cluster(found, sample) for sample in counted]
        rows = [[of(at[s][length]) if s in found else 0.0 for s in counted] for of in measures.values()]
        result[length] = dict(zip(measures, intervals(rows, clusters), strict=True))
    return result
