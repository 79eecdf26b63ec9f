"""Vectors made elsewhere: every check of a certificate, the evaluator's own numbers, and never on sealed samples."""

import shutil
from pathlib import Path

import pytest

from cramboard.certificate import load_certificate
from cramboard.run import RunFolder
from cramboard.submission import read_submission
from cramboard.submit.folder import folder_problems
from tests.run.commands import Ended, cramboard
from tests.submit.conftest import Write

SPEC = {"kind": "upload", "encoder": None, "plans": [{"k": 2, "span": 16}]}


@pytest.fixture
def upload(write: Write, finished_run: Path) -> Path:
    """A submission with the vectors of the finished run (cram, k = 2, span 16)."""
    folder = write("uploaded", code=None, **SPEC)
    place = folder / "vectors/speeches/short/k2"
    place.mkdir(parents=True)
    for name in ("certificate.json", "vectors.safetensors"):
        shutil.copy(finished_run / name, place / name)
    return folder


def evaluate(folder: Path, decoder: Path, output: Path, *words: object) -> Ended:
    return cramboard(
        "evaluate", "-t", "speeches", "-d", decoder, "-m", folder, "-k", 2, "--limit", 3, "--device", "cpu",
        "--output-dir", output, *words,
    )  # fmt: skip


def test_uploaded_vectors_get_the_numbers_of_the_verifier(
    upload: Path, short_folder: Path, finished_run: Path, tmp_path: Path
) -> None:
    ended = evaluate(upload, short_folder, tmp_path / "run")
    assert (ended.code, ended.err) == (0, "")
    made, given = load_certificate(tmp_path / "run"), load_certificate(finished_run)
    assert made.certificate.method.name == "uploaded"
    assert made.certificate.method.settings == {"certificate": given.certificate.sha256, "span": 16}
    theirs = {record.sample: record for record in RunFolder(finished_run).records()}
    for record in RunFolder(tmp_path / "run").records():
        assert (record.horizon, record.marks) == (theirs[record.sample].horizon, theirs[record.sample].marks)
    assert all(cost.encode_seconds == 0 for cost in RunFolder(tmp_path / "run").run().units)


def test_a_sample_without_vectors_counts_nothing(upload: Path, short_folder: Path, tmp_path: Path) -> None:
    ended = evaluate(upload, short_folder, tmp_path / "run", "--limit", 4)
    assert ended.code == 1
    assert "has no vectors for sample" in ended.err
    assert RunFolder(tmp_path / "run").summary().samples == 4


def test_another_span_than_the_declared_one_is_not_taken(
    upload: Path, write: Write, short_folder: Path, tmp_path: Path
) -> None:
    write("uploaded", code=None, **(SPEC | {"plans": [{"k": 2, "span": 15}]}))
    ended = evaluate(upload, short_folder, tmp_path / "run", "--limit", 1)
    assert ended.code == 1
    assert "at the declared span (its first 15 tokens)" in ended.err


def test_a_changed_byte_is_refused(upload: Path, short_folder: Path, tmp_path: Path) -> None:
    path = upload / "vectors/speeches/short/k2/vectors.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\1")
    evaluate(upload, short_folder, tmp_path / "run").refused(3, "not the ones that were issued")


def test_sealed_samples_are_never_scored(upload: Path, short_folder: Path, tmp_path: Path) -> None:
    sealed = tmp_path / "sealed"
    words = ("tasks", "seal", "speeches", "--name", "2027-1", "--samples", 1, "--output-dir", sealed)
    assert cramboard(*words).code == 0
    evaluate(upload, short_folder, tmp_path / "run", "--sealed", sealed).refused(3, "never scored on sealed samples")


def test_a_certificate_lies_where_its_fields_say(upload: Path) -> None:
    (upload / "vectors/speeches/short/k2").rename(upload / "vectors/speeches/short/k4")
    (upload / "vectors/more.json").write_text("{}")
    ended = cramboard("submit", "check", upload)
    assert ended.code == 3
    assert "vectors/more.json: belongs to no certificate" in ended.err
    # The tiny decoder is no listed one, which is told first.
    assert "unknown decoder 'short'" in ended.err


def test_an_upload_is_stored_as_it_declares(write: Write, pytestconfig: pytest.Config) -> None:
    listed = "smollm2-135m-instruct-q4_1"
    spec = SPEC | {"decoders": [listed], "plans": [{"k": 1, "span": 100}], "dtype": "bfloat16"}
    folder = write("uploaded", code=None, **spec)
    filed = pytestconfig.rootpath / "submissions/cram/results/speeches" / listed / "k1"
    place = folder / "vectors/speeches" / listed / "k1"
    place.mkdir(parents=True)
    for name in ("certificate.json", "vectors.safetensors"):
        shutil.copy(filed / name, place / name)
    [problem] = folder_problems(read_submission(folder))
    assert problem.endswith("its vectors are stored in float32, field dtype of submission.yaml says bfloat16")


def test_an_upload_has_every_public_sample(write: Write, pytestconfig: pytest.Config) -> None:
    """What has fewer could be evaluated and not be filed; its author hears it first."""
    listed = "smollm2-135m-instruct-q4_1"
    filed = pytestconfig.rootpath / "submissions/cram/results/speeches" / listed
    spec = SPEC | {"decoders": [listed], "plans": [{"k": 1, "span": 100}, {"k": 2, "span": 100}]}
    folder = write("uploaded", code=None, **spec)
    for k, run in (("k1", "k1"), ("k2", "k2-first16")):
        place = folder / "vectors/speeches" / listed / k
        place.mkdir(parents=True)
        for name in ("certificate.json", "vectors.safetensors"):
            shutil.copy(filed / run / name, place / name)
    [problem] = folder_problems(read_submission(folder))
    assert f"{listed}/k2/certificate.json: lacks 34 of the task's public samples, " in problem
