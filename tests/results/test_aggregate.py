"""The aggregates, on numbers worked out by hand."""

import itertools

import pytest

from cramboard.errors import InputError
from cramboard.results import summarise
from cramboard.schema import Failure, SampleRecord, Summary, to_json
from tests.records import at_length, record, run, stored, summary


def two(**changes: object) -> list[SampleRecord]:
    """Return records 'a' (horizon 20) and 'b' (horizon 40) by two authors; `changes` are b's."""
    return [
        record("a", author="A", horizon=20, gain_bits=100.0, control_gain_bits=-2.0, recovered_bits=110.0),
        record("b", **({"author": "B", "horizon": 40, "gain_bits": 300.0, "control_gain_bits": 4.0} | changes)),
    ]


def means(made: Summary) -> dict[str, float]:
    return {name: interval.mean for name, interval in made.measures.items()}


def test_means_are_per_vector_where_their_name_says_so():
    made = summary(run(["a", "b"], k=2), two())
    assert means(made) == pytest.approx(
        {
            "tokens_per_vector": 15.0,  # (20 + 40) / 2 samples / 2 vectors
            "bytes_per_vector": 64.0,  # 128 each
            "recovered_bits": 145.25,  # (110 + 180.5) / 2, not per vector
            "density": 0.3134,
            "coder_efficiency": 0.0392,
            "gain_bits_per_vector": 100.0,
            "control_gain_bits_per_vector": 0.5,
        }
    )
    assert made.stored["int4"].mean == 2.0
    assert list(made.stored) == ["float32", "bfloat16", "int8", "int4"]


def test_a_sample_without_a_result_counts_0_and_is_listed():
    failures = [Failure(sample="c", reason="the vectors are not finite")]
    made = summary(run(["a", "b", "c", "d"]), two(), failures)
    assert made.samples == 4
    assert made.measures["tokens_per_vector"].mean == 15.0
    assert made.failures == (failures[0], Failure(sample="d", reason="no verified result"))


def test_a_run_with_no_result_at_all_has_means_of_0():
    made = summary(run(["a", "b"]), [])
    assert set(means(made).values()) == {0.0}
    assert (made.lengths, made.stored, made.greedy_confirmed) == ({}, {}, 0)


def test_the_order_of_records_samples_and_failures_changes_no_byte():
    records = [*two(), record("c", author="A", horizon=7, lengths=(at_length(64, 90.0, 1.0),))]
    failures = [Failure(sample="d", reason="x"), Failure(sample="e", reason="y")]
    written = {
        to_json(summary(run(samples), shuffled, failures[::step]))
        for shuffled in itertools.permutations(records)
        for samples, step in ((["a", "b", "c", "d", "e"], 1), (["e", "c", "a", "d", "b"], -1))
    }
    assert len(written) == 1


def test_censored_samples_mark_what_could_only_grow():
    made = summary(run(["a", "b"]), two(censored=True, stored=stored(40, 40, 39, 4)))
    marked = {name for name, interval in made.measures.items() if interval.at_least}
    assert marked == {
        "tokens_per_vector",
        "bytes_per_vector",
        "recovered_bits",
        "density",
        "coder_efficiency",
    }
    # Under int8 the censored sample fails before its end: nothing is cut off there.
    assert {dtype for dtype, interval in made.stored.items() if interval.at_least} == {"float32", "bfloat16"}
    assert made.censored == 1


def test_tokens_without_text_have_no_bytes_and_a_known_source_has_its_entropy():
    known = [
        made.model_copy(update={"bytes": None, "source_bits": bits})
        for made, bits in zip(two(censored=True), (100.0, 160.0), strict=True)
    ]
    made = summary(run(["a", "b", "c"]), known)
    assert "bytes_per_vector" not in made.measures
    assert made.measures["source_bits"].mean == pytest.approx(260 / 3)
    assert made.measures["source_bits"].at_least
    assert "source_bits" not in summary(run(["a", "b"]), two()).measures


def test_a_self_limited_sample_marks_nothing():
    made = summary(run(["a", "b"]), two(self_limited=True))
    assert made.self_limited == 1
    assert not any(interval.at_least for interval in made.measures.values())


def test_greedy_decoding_confirms_when_it_reaches_the_horizon():
    assert summary(run(["a", "b"]), two(greedy_horizon=39)).greedy_confirmed == 1


def test_fixed_lengths_leave_out_texts_that_are_too_short_but_not_failed_samples():
    records = [
        record("a", lengths=(at_length(64, 100.0, 2.0), at_length(128, 160.0, -4.0))),
        record("b", author="B", lengths=(at_length(64, 50.0, 1.0),)),
    ]
    made = summary(run(["a", "b", "c"], k=2), records)
    assert list(made.lengths) == [64, 128]
    assert made.lengths[64]["gain_bits_per_vector"].mean == 25.0  # (100 + 50 + 0) / 3 / 2 vectors
    assert made.lengths[128]["gain_bits_per_vector"].mean == 40.0  # (160 + 0) / 2 / 2 vectors
    assert made.lengths[128]["control_gain_bits_per_vector"].mean == -1.0
    assert set(made.lengths[64]) == {
        "gain_bits_per_vector",
        "control_gain_bits_per_vector",
        "accuracy",
        "token_gain",
        "utilisation",
    }


def test_intervals_are_clustered_by_author():
    # One author with samples 0, 0, 0 and one with 8: see test_bootstrap.
    records = [record(sample, author="A", horizon=0, stored={}) for sample in "abc"]
    made = summary(run(list("abcd")), [*records, record("d", author="B", horizon=8, stored={})])
    tokens = made.measures["tokens_per_vector"]
    assert (tokens.mean, tokens.low, tokens.high) == (2.0, 0.0, 8.0)


@pytest.mark.parametrize(
    ("samples", "records", "failures", "words"),
    [
        ([], [], [], "plans no samples"),
        (["a", "a"], [], [], "planned twice"),
        (["a"], [record("a"), record("a")], [], "two records"),
        (["a"], [record("b")], [], "'b' is not in run.json"),
        (["a"], [], [Failure(sample="b", reason="x")], "'b' is not in run.json"),
        (["a"], [record("a")], [Failure(sample="a", reason="x")], "has a result as well"),
    ],
)
def test_what_does_not_belong_together_is_refused(samples, records, failures, words):
    with pytest.raises(InputError, match=words):
        summarise(run(samples), records, failures, 1, "f" * 64)
