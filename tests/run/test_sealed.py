"""A run on a sealed set: as on public samples, and nothing that is published gives a text away."""

import dataclasses
import importlib
import json
import shutil
from pathlib import Path

import pytest
import torch

from cramboard.keys import sha256_text
from tests.run.commands import Ended, contents, cramboard, evaluate

CHEATS = Path(__file__).parents[1] / "cheats"


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("organiser") / "set"
    words = ("tasks", "seal", "speeches", "--name", "2027-1", "--samples", 2, "--output-dir", folder)
    assert cramboard(*words).code == 0
    return folder


@pytest.fixture
def sealed_run(
    sealed: Path, short_folder: Path, common_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    monkeypatch.setenv("CRAMBOARD_CACHE", str(common_cache))
    folder = tmp_path / "run"
    ended = evaluate(short_folder, folder, "--sealed", sealed)
    assert (ended.code, ended.err) == (0, "")
    assert "publish run.json and summary.json alone" in ended.out
    return folder


def test_what_is_published_names_the_set_by_its_commitment_and_no_text(sealed_run: Path, sealed: Path) -> None:
    commitment = json.loads((sealed / "commitment.json").read_text())["commitment"]
    private = json.loads((sealed / "sealed.json").read_text())
    for name in ("run.json", "summary.json"):
        published = (sealed_run / name).read_text()
        assert json.loads(published)["task"]["manifest_sha256"] == commitment
        assert json.loads(published)["split"] == "sealed"
        for line in private["samples"]:
            for field in ("origin", "author", "sha256"):
                assert line[field] not in published
        assert private["secret"] not in published
        assert str(sealed) not in published
    units = json.loads((sealed_run / "run.json").read_text())["units"]
    assert [unit["curve"] for unit in units] == [[], []]


def test_no_key_is_made_of_a_text_that_could_be_guessed(sealed_run: Path, sealed: Path) -> None:
    texts = [sha256_text(path.read_text()) for path in sealed.glob("*.txt")]
    assert len(texts) == 2
    for path in sealed_run.glob("*.json*"):
        assert not any(text in path.read_text() for text in texts)


def test_verify_and_view_want_the_set(sealed_run: Path, sealed: Path, short_folder: Path) -> None:
    for words in (("verify", sealed_run, "-d", short_folder), ("view", sealed_run)):
        cramboard(*words).refused(3, "a run on a sealed set", "--sealed FOLDER")
        assert cramboard(*words, "--sealed", sealed).code == 0


def test_the_control_is_the_public_tasks(sealed_run: Path, finished_run: Path) -> None:
    assert (sealed_run / "control.safetensors").read_bytes() == (finished_run / "control.safetensors").read_bytes()


def test_a_public_run_is_not_verified_against_a_sealed_set(run_copy: Path, sealed: Path, short_folder: Path) -> None:
    cramboard("verify", run_copy, "-d", short_folder, "--sealed", sealed).refused(3, "public samples")


def test_sealed_samples_of_another_set_are_another_run(
    sealed_run: Path, sealed: Path, short_folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    words = ("tasks", "seal", "speeches", "--name", "2027-1", "--samples", 2, "--output-dir", other)
    assert cramboard(*words).code == 0
    evaluate(short_folder, sealed_run, "--sealed", other).refused(3, "another task")
    evaluate(short_folder, sealed_run, "--sealed", sealed, "--split", "tuning").refused(2, "exclude each other")


def try_on(sealed: Path, name: str, decoder: Path, home: Path) -> Ended:
    """Evaluate a cheat on the sealed set, with `decoder` for the one that it is for."""
    folder = Path(shutil.copytree(CHEATS / name, home / name))
    spec = folder / "submission.yaml"
    spec.write_text(spec.read_text().replace("smollm2-135m-instruct-q4_1", decoder.name))
    words = ("-t", "speeches", "-d", decoder, "-m", folder, "--span", 16, "--device", "cpu", "--sealed", sealed)
    return cramboard("evaluate", *words, "--output-dir", home / "run")


@pytest.mark.sandbox
def test_why_a_sealed_sample_failed_is_not_told(sealed: Path, short_folder: Path, tmp_path: Path) -> None:
    texts = [path.read_text()[:16] for path in sealed.glob("*.txt")]
    ended = try_on(sealed, "tells-the-text", short_folder, tmp_path)
    assert ended.code == 1
    assert ended.err.count("failed: not told") == len(texts) == 2
    told = cramboard("status", tmp_path / "run")
    files = [data.decode("latin-1") for data in contents(tmp_path / "run").values()]
    for said in (ended.out, ended.err, told.out, told.err, *files):
        assert not any(text in said for text in texts)


@pytest.mark.sandbox
def test_why_an_encoder_was_refused_on_sealed_samples_is_not_told(
    sealed: Path, short_folder: Path, tmp_path: Path
) -> None:
    ended = try_on(sealed, "names-a-file-after-the-text", short_folder, tmp_path)
    ended.refused(3, "names-a-file-after-the-text", "evaluate it on public samples")
    assert "TEXT" not in ended.err


def test_what_is_ours_to_say_of_a_sealed_sample_is_told(
    sealed: Path, short_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make(settings: object, request: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    module = importlib.import_module("cramboard.methods.cram")
    monkeypatch.setattr(module, "METHOD", dataclasses.replace(module.METHOD, make=make))
    ended = evaluate(short_folder, tmp_path / "run", "--sealed", sealed)
    assert ended.code == 1
    assert "out of memory on the device with one sample" in ended.err
