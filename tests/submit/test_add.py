"""`submit add`: verified results lie where the board looks, and nothing else does."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tokenizers import Tokenizer, processors

from tests.run.commands import contents, cramboard
from tests.submit.conftest import CODE, Write

FILES = {
    "run.json", "summary.json", "samples.jsonl", "certificate.json", "vectors.safetensors", "control.safetensors",
    "verifications.jsonl",
}  # fmt: skip
Verified = Callable[..., Path]


@pytest.fixture
def made(write: Write, short_folder: Path, tmp_path: Path) -> Verified:
    """Evaluate the test's encoder on a sample and verify it: `made("--seed", 2)`; the run folder comes back."""

    def make(*words: object) -> Path:
        folder = tmp_path / "run"
        ended = cramboard(
            "evaluate", "-t", "speeches", "-d", short_folder, "-m", write(), "-k", 2, "--span", 8, "--limit", 1,
            "--device", "cpu", "--unsandboxed", "--output-dir", folder, *words,
        )  # fmt: skip
        assert (ended.code, ended.err) == (0, "")
        sealed = words[words.index("--sealed") :][:2] if "--sealed" in words else ()
        assert cramboard("verify", folder, "-d", short_folder, *sealed).code == 0
        return folder

    return make


def test_a_verified_run_is_filed_by_task_decoder_and_k(made: Verified, clone: Path) -> None:
    run = made()
    place = clone / "submissions/means/results/speeches/short/k2-span8-first1"
    ended = cramboard("submit", "add", run)
    assert (ended.code, ended.out, ended.err) == (0, f"{place}\n", "")
    assert set(contents(place)) == FILES
    assert all((place / name).read_bytes() == (run / name).read_bytes() for name in FILES)
    # What was filed is a complete run: anyone can verify it where it lies.
    assert cramboard("submit", "add", place).code == 0


def test_another_seed_has_a_name_of_its_own(made: Verified, clone: Path) -> None:
    ended = cramboard("submit", "add", made("--seed", 2))
    assert ended.out.endswith("/results/speeches/short/k2-span8-seed2-first1\n")


def test_a_curve_is_filed_whole(write: Write, clone: Path, short_folder: Path, tmp_path: Path) -> None:
    words = ("-t", "random-words", "-d", short_folder, "-m", write(), "-k", 4, "--limit", 1, "--unsandboxed")
    assert cramboard("evaluate", *words, "--device", "cpu", "--output-dir", tmp_path / "runs" / "k4").code == 0
    assert cramboard("verify", tmp_path / "runs" / "k4", "-d", short_folder).code == 0
    ended = cramboard("submit", "add", tmp_path / "runs")
    assert ended.out == f"{clone}/submissions/means/results/random-words/short/k4-first1\n"


def test_of_a_sealed_run_only_what_gives_no_text_away_is_filed(made: Verified, clone: Path, tmp_path: Path) -> None:
    sealed = tmp_path / "sealed"
    words = ("tasks", "seal", "speeches", "--name", "2027-1", "--samples", 1, "--output-dir", sealed)
    assert cramboard(*words).code == 0
    run = made("--sealed", sealed)
    cramboard("submit", "add", run).refused(3, "--sealed FOLDER")
    ended = cramboard("submit", "add", run, "--sealed", sealed)
    assert ended.code == 0
    place = Path(ended.out.strip())
    assert place.name.startswith("k2-span8-sealed-")
    assert set(contents(place)) == {"run.json", "summary.json"}


def test_a_run_that_is_not_verified_is_refused(made: Verified, clone: Path) -> None:
    run = made()
    (run / "verifications.jsonl").unlink()
    cramboard("submit", "add", run).refused(3, "not verified", "cramboard verify")
    assert not (clone / "submissions/means/results").exists()


def test_a_run_that_a_verification_did_not_confirm_is_refused(made: Verified) -> None:
    run = made()
    lines = run / "verifications.jsonl"
    lines.write_text(lines.read_text().replace('"unconfirmed":[]', '"unconfirmed":["1866-johnson-1"]'))
    cramboard("submit", "add", run).refused(3, "does not confirm sample 1866-johnson-1")


def test_nothing_is_filed_through_a_link(made: Verified, clone: Path) -> None:
    run, other = made(), clone / "submissions/other/results"
    other.mkdir(parents=True)
    (clone / "submissions/means/results").symlink_to("../other/results")
    cramboard("submit", "add", run).refused(3, "means/results: is a link")
    assert contents(other) == {}


def test_an_edited_run_is_refused(made: Verified) -> None:
    run = made()
    summary = run / "summary.json"
    summary.write_text(summary.read_text().replace('"mean": 0', '"mean": 9'))
    cramboard("submit", "add", run).refused(3, "summary.json")


def test_a_run_with_failures_is_refused(write: Write, clone: Path, short_folder: Path, tmp_path: Path) -> None:
    folder = write(code=CODE.replace("        numbers", "        1 / (text[0] > 'Q')\n        numbers", 1))
    words = ("-t", "speeches", "-d", short_folder, "-m", folder, "-k", 2, "--span", 8, "--limit", 3, "--unsandboxed")
    assert cramboard("evaluate", *words, "--device", "cpu", "--output-dir", tmp_path / "run").code == 1
    if (tmp_path / "run" / "certificate.json").exists():
        cramboard("verify", tmp_path / "run", "-d", short_folder)
        cramboard("submit", "add", tmp_path / "run").refused(3, "has no result")


def test_a_run_of_other_code_is_refused(made: Verified, write: Write) -> None:
    run = made()
    write(code=CODE.replace("100", "200"))
    cramboard("submit", "add", run).refused(3, "means has other settings or other code now")


def test_a_run_of_no_submission_is_refused(made: Verified, clone: Path) -> None:
    run = made()
    shutil.rmtree(clone / "submissions/means")
    cramboard("submit", "add", run).refused(3, "no submission has this method")
    cramboard("submit", "add", clone / "submissions").refused(3, "holds no run")


def test_a_baseline_is_a_submission_without_code(write: Write, clone: Path, short_folder: Path, tmp_path: Path) -> None:
    folder = write(
        "constant", code=None, kind="control", encoder=None, method="constant", preset="quick",
        plans=[{"k": 2, "span": 64}],
    )  # fmt: skip
    run = tmp_path / "run"
    words = ("evaluate", "-t", "speeches", "-d", short_folder, "-m", folder, "-k", 2, "--limit", 1)
    assert cramboard(*words, "--device", "cpu", "--output-dir", run).code == 0
    assert cramboard("verify", run, "-d", short_folder).code == 0
    ended = cramboard("submit", "add", run)
    assert ended.out == f"{clone}/submissions/constant/results/speeches/short/k2-first1\n"


def test_a_protocol_in_its_own_layout_is_filed_under_its_own_submission(
    write: Write, clone: Path, short_folder: Path, tmp_path: Path
) -> None:
    """Its decoder reads the BOS of its tokenizer as a suffix, which the submission does not declare."""
    decoder = tmp_path / "decoders" / "short"
    shutil.copytree(short_folder, decoder)
    tokenizer = Tokenizer.from_file(str(decoder / "tokenizer.json"))
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 256)])
    tokenizer.save(str(decoder / "tokenizer.json"))
    for preset, slug in (("anchored", "kuratov"), ("own", "kuratov-own")):
        write(
            slug, code=None, kind="optimisation", encoder=None, method="kuratov2025", preset=preset,
            plans=[{"k": 1, "span": 64}],
        )  # fmt: skip
    run = tmp_path / "run"
    words = ("evaluate", "-t", "speeches", "-d", decoder, "-m", clone / "submissions" / "kuratov-own", "--limit", 1)
    assert cramboard(*words, "--span", 1, "--device", "cpu", "--output-dir", run).code == 0
    assert cramboard("verify", run, "-d", decoder).code == 0
    ended = cramboard("submit", "add", run)
    assert ended.out == f"{clone}/submissions/kuratov-own/results/speeches/short/k1-span1-first1\n", ended


def test_horizons_alone_are_enough_if_another_device_confirms_them(
    made: Verified, clone: Path, short_folder: Path
) -> None:
    run = made()
    (run / "verifications.jsonl").unlink()
    assert cramboard("verify", "--horizons", run, "-d", short_folder).code == 0
    cramboard("submit", "add", run).refused(3, "horizons were confirmed on cpu, where it was made", "cramboard verify")
    assert not (clone / "submissions/means/results").exists()
    record = json.loads((run / "run.json").read_text())
    for unit in record["units"]:
        unit["device"] = "NVIDIA H100 80GB HBM3"
    (run / "run.json").write_text(json.dumps(record))
    ended = cramboard("submit", "add", run)
    assert (ended.code, ended.err) == (0, "")
    assert (Path(ended.out.strip()) / "verifications.jsonl").read_text().count('"scope":"horizons"') == 1
