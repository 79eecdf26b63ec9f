"""`cramboard evaluate` from end to end: what it writes, what it says, and that it does so twice."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from cramboard.certificate import load_certificate
from cramboard.files import sha256_file
from cramboard.results import summarise
from cramboard.run import RunFolder
from cramboard.schema import Summary, from_json
from cramboard.tasks import load_task
from tests.run.commands import contents, cramboard, evaluate, lines

FILES = {
    "run.json",
    "control.safetensors",
    "vectors.safetensors",
    "certificate.json",
    "samples.jsonl",
    "summary.json",
}
RESULTS = FILES - {"run.json"}


def test_a_run_folder_holds_its_files_and_nothing_else(finished_run: Path) -> None:
    assert set(contents(finished_run)) == FILES


def test_the_files_of_a_run_agree_with_one_another(finished_run: Path) -> None:
    folder = RunFolder(finished_run)
    run, summary, records = folder.run(), folder.summary(), folder.records()
    files = load_certificate(finished_run)
    certificate = files.certificate
    wanted = {line.id for line in load_task("speeches").select(limit=3)}
    assert wanted == set(run.samples) == {entry.sample for entry in certificate.entries}
    assert [record.sample for record in records] == sorted(wanted)
    assert [record.certificate_key for record in records] == [entry.key for entry in certificate.entries]
    assert (run.task, run.decoder, run.method, run.k, run.seed) == (
        certificate.task, certificate.decoder, certificate.method, certificate.k, certificate.seed,
    )  # fmt: skip
    assert all(files.of(entry).shape == (2, certificate.d) for entry in certificate.entries)
    assert sha256_file(finished_run / "control.safetensors") == run.control_sha256
    assert sorted(sample for cost in run.units for sample in cost.samples) == sorted(wanted)
    assert summary == summarise(run, records, (), summary.verifier_version, certificate.sha256)
    assert summary.measures["tokens_per_vector"].mean == pytest.approx(sum(r.horizon for r in records) / 3 / 2)
    assert sum(record.horizon for record in records) > 0


def test_the_run_says_with_what_it_was_made(finished_run: Path) -> None:
    run = RunFolder(finished_run).run()
    assert run.command.startswith("cramboard evaluate -t speeches -d ")
    assert run.provenance.packages["torch"] == torch.__version__
    assert (run.provenance.threads, run.provenance.device) == (torch.get_num_threads(), "cpu")
    assert all(cost.encode_seconds > 0 and cost.verify_seconds > 0 and cost.curve for cost in run.units)
    assert not run.ranked


def test_the_summary_is_written_last_and_after_whole_files(
    short_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []
    replace = Path.replace

    def noting(self: Path, target: Path) -> Path:
        written.append(Path(target).name)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", noting)
    assert evaluate(short_folder, tmp_path / "run", "--limit", 1).code == 0
    assert written[0] == "control.safetensors"
    assert written[-5:] == ["vectors.safetensors", "samples.jsonl", "run.json", "certificate.json", "summary.json"]


def test_the_summary_holds_no_times(finished_run: Path) -> None:
    words = (finished_run / "summary.json").read_text()
    for time in ("second", "started", "time", "date", "202"):
        assert time not in words


def test_the_records_hold_no_text(finished_run: Path) -> None:
    authors = {line.author for line in load_task("speeches").lines}
    for line in lines(finished_run).values():
        record = json.loads(line)
        assert record["author"] in authors
        allowed = {
            record["sample"], record["author"], record["certificate_key"], record["measurement_key"],
            "cpu", *record["stored"],
        }  # fmt: skip
        assert set(strings(record)) <= allowed


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from strings(item)


def test_the_table_ends_with_where_the_results_are(short_folder: Path, finished_run: Path) -> None:
    ended = evaluate(short_folder, finished_run, "--limit", 3)
    assert ended.code == 0
    assert "speeches@3 1.0.0, short, cram, k = 2, seed 0" in ended.out
    assert "Tokens per vector " in ended.out
    assert ended.out.endswith(f"\nResults: {finished_run}\nPage:    cramboard view {finished_run}\n")


def test_json_on_stdout_is_the_summary_and_nothing_else(short_folder: Path, run_copy: Path) -> None:
    ended = evaluate(short_folder, run_copy, "--limit", 3, "--json")
    assert ended.code == 0
    assert ended.out == (run_copy / "summary.json").read_text()
    assert from_json(Summary, ended.out, "stdout").samples == 3


def test_the_same_seed_gives_the_same_bytes_in_another_folder(
    short_folder: Path, finished_run: Path, tmp_path: Path
) -> None:
    assert evaluate(short_folder, tmp_path / "again", "--limit", 3).code == 0
    first, again = contents(finished_run), contents(tmp_path / "again")
    assert {name: first[name] for name in RESULTS} == {name: again[name] for name in RESULTS}


def test_another_seed_gives_other_vectors(short_folder: Path, finished_run: Path, tmp_path: Path) -> None:
    assert evaluate(short_folder, tmp_path / "seed", "--limit", 1, "--seed", 1).code == 0
    first = load_certificate(finished_run)
    other = load_certificate(tmp_path / "seed")
    [entry] = other.certificate.entries
    [same] = [mine for mine in first.certificate.entries if mine.sample == entry.sample]
    assert entry.key != same.key
    assert not torch.allclose(first.of(same), other.of(entry), atol=0.1)


def test_samples_made_together_get_the_vectors_that_they_get_alone(
    short_folder: Path, finished_run: Path, tmp_path: Path
) -> None:
    assert evaluate(short_folder, tmp_path / "batch", "--limit", 3, "--batch-size", 3).code == 0
    alone, together = load_certificate(finished_run), load_certificate(tmp_path / "batch")
    assert len(RunFolder(tmp_path / "batch").run().units) == 1
    for mine, theirs in zip(alone.certificate.entries, together.certificate.entries, strict=True):
        assert mine.key == theirs.key
        torch.testing.assert_close(alone.of(mine), together.of(theirs), rtol=1e-3, atol=1e-3)


def test_a_sample_asked_for_alone_has_the_result_that_it_has_among_others(
    short_folder: Path, finished_run: Path, tmp_path: Path
) -> None:
    sample = load_task("speeches").select(limit=2)[1].id
    assert evaluate(short_folder, tmp_path / "one", "--sample-id", sample).code == 0
    assert lines(tmp_path / "one") == {sample: lines(finished_run)[sample]}


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [(("--dtype", "bfloat16"), "search_dtype", "bfloat16"), (("--attention", "eager"), "attention", "eager")],
)
def test_how_the_search_computes_is_a_choice_and_recorded(
    short_folder: Path, finished_run: Path, tmp_path: Path, words: tuple[str, ...], field: str, value: str
) -> None:
    assert evaluate(short_folder, tmp_path / "run", "--limit", 1, *words).code == 0
    assert getattr(RunFolder(tmp_path / "run").run().provenance, field) == value
    [record] = RunFolder(tmp_path / "run").records()
    [same] = [other for other in RunFolder(finished_run).records() if other.sample == record.sample]
    # How vectors are found is no part of what a certificate is about.
    assert record.certificate_key == same.certificate_key


def test_the_span_is_what_the_method_is_given(short_folder: Path, tmp_path: Path) -> None:
    assert evaluate(short_folder, tmp_path / "run", "--limit", 1, "--span", 3, "--set", "steps=200").code == 0
    [record] = RunFolder(tmp_path / "run").records()
    assert record.span == 3
    assert record.self_limited == (record.horizon >= 3)


def test_the_constant_control_is_a_method_too(short_folder: Path, tmp_path: Path) -> None:
    words = ("-t", "speeches", "-d", short_folder, "-m", "constant", "--preset", "quick", "-k", 2, "--limit", 2)
    assert cramboard("evaluate", *words, "--device", "cpu", "--output-dir", tmp_path / "constant").code == 0
    tensors = load_file(tmp_path / "constant" / "vectors.safetensors")
    control = load_file(tmp_path / "constant" / "control.safetensors")
    [vectors] = tensors.values()
    assert torch.equal(vectors, control["control"])
    for record in RunFolder(tmp_path / "constant").records():
        assert [row.gain_bits for row in record.lengths] == [row.control_gain_bits for row in record.lengths]
