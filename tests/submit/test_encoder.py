"""An encoder is run apart, takes texts, and gives back one file that is checked before it is read."""

import json
from pathlib import Path

import pytest
import torch

from cramboard.certificate import load_certificate
from cramboard.errors import SubmissionError
from cramboard.keys import sha256_bytes
from cramboard.methods.submitted.output import read_vectors
from cramboard.run import RunFolder
from cramboard.tasks import load_task
from tests.run.commands import Ended, cramboard
from tests.submit.conftest import CODE, Write


def evaluate(folder: Path, decoder: Path, output: Path, *words: object) -> Ended:
    return cramboard(
        "evaluate", "-t", "speeches", "-d", decoder, "-m", folder, "-k", 2, "--limit", 2, "--device", "cpu",
        "--output-dir", output, "--unsandboxed", *words,
    )  # fmt: skip


def test_an_encoder_makes_the_vectors_of_each_text(write: Write, short_folder: Path, tmp_path: Path) -> None:
    ended = evaluate(write(), short_folder, tmp_path / "run", "--span", 8)
    assert (ended.code, ended.err) == (0, "")
    files = load_certificate(tmp_path / "run")
    for entry in files.certificate.entries:
        [sample] = load_task("speeches").samples(ids=[entry.sample])
        # A token of the tiny decoder is a byte.
        given = torch.tensor(list(sample.text.encode()[: entry.span]), dtype=torch.float32) / 100
        assert entry.span == 8
        assert torch.equal(files.of(entry).flatten(), given.repeat(16))
    run = RunFolder(tmp_path / "run").run()
    assert (run.isolation, run.method.name, run.method.settings["span"]) == ("none", "means", 8)
    assert run.command.startswith("cramboard evaluate -t speeches -d short -m submissions/means -k 2 ")
    [cost] = run.units
    assert cost.start_seconds > 0
    assert len(cost.samples) == 2


def test_a_start_that_dawdles_takes_nothing_off_the_cost(write: Write, short_folder: Path, tmp_path: Path) -> None:
    """It sleeps while no text is in its reach, as it would be where the start were measured apart, and then works."""
    made = "        self.given = given\n"
    dawdles = f"""{made}        import pathlib, sys
        given_to_it = pathlib.Path(sys.argv[sys.argv.index("--input") + 1])
        if "The " not in "".join(path.read_text() for path in given_to_it.glob("*")):
            __import__("time").sleep(0.6)
"""
    works = '        __import__("time").sleep(0.3)\n        return [self.one'
    code = CODE.replace(made, dawdles).replace("        return [self.one", works)
    assert evaluate(write(code=code), short_folder, tmp_path / "run", "--span", 8).code == 0
    [cost] = RunFolder(tmp_path / "run").run().units
    assert cost.start_seconds >= 0.6
    assert cost.encode_seconds >= 0.3


def test_the_curve_has_a_run_for_every_span_that_the_texts_and_the_context_reach(
    write: Write, short_folder: Path, tmp_path: Path
) -> None:
    ended = evaluate(write(), short_folder, tmp_path / "runs", "--limit", 1)
    assert (ended.code, ended.err) == (0, "")
    # The decoder reads 200 positions.
    spans = {"k2": 8, "k2-span16": 16, "k2-span32": 32, "k2-span64": 64, "k2-span128": 128}
    assert {path.name for path in (tmp_path / "runs").iterdir()} == set(spans)
    for name, span in spans.items():
        assert [record.span for record in RunFolder(tmp_path / "runs" / name).records()] == [span]
    assert "At every span" in ended.out
    assert f"Results: {tmp_path / 'runs' / 'k2'}\n" in ended.out


def test_a_dry_run_of_a_curve_is_one_list(write: Write, short_folder: Path, tmp_path: Path) -> None:
    ended = evaluate(write(), short_folder, tmp_path / "runs", "--limit", 1, "--dry-run", "--json")
    assert [Path(run["folder"]).name for run in json.loads(ended.out)][:2] == ["k2", "k2-span16"]
    assert not (tmp_path / "runs").exists()


def test_a_fixed_ratio_is_given_r_k_tokens_and_has_no_curve(write: Write, short_folder: Path, tmp_path: Path) -> None:
    assert evaluate(write(), short_folder, tmp_path / "run", "-k", 4, "--limit", 1).code == 0
    assert [record.span for record in RunFolder(tmp_path / "run").records()] == [18]


def test_bfloat16_vectors_are_stored_as_such(write: Write, short_folder: Path, tmp_path: Path) -> None:
    assert evaluate(write(dtype="bfloat16"), short_folder, tmp_path / "run", "--span", 8, "--limit", 1).code == 0
    assert load_certificate(tmp_path / "run").certificate.dtype == "bfloat16"
    [record] = RunFolder(tmp_path / "run").records()
    assert set(record.stored) == {"bfloat16", "int8", "int4"}


def test_a_number_that_its_stored_dtype_does_not_hold_is_told(write: Write, short_folder: Path, tmp_path: Path) -> None:
    code = CODE.replace("/ 100", "* 0 + numpy.float32(3.4028e38)")  # Rounds to infinity in bfloat16.
    folder = write(code=code, dtype="bfloat16")
    ended = evaluate(folder, short_folder, tmp_path / "run", "--span", 8, "--limit", 1)
    assert ended.code == 1
    assert "made vectors with a NaN or an infinity for sample" in ended.err
    assert "(in bfloat16)" in ended.err


def test_the_suffix_stands_in_the_certificate_and_is_verified(write: Write, short_folder: Path, tmp_path: Path) -> None:
    assert evaluate(write(suffix=[7, 9]), short_folder, tmp_path / "with", "--span", 8, "--limit", 1).code == 0
    assert evaluate(write(suffix=None), short_folder, tmp_path / "without", "--span", 8, "--limit", 1).code == 0
    with_suffix, without = (load_certificate(tmp_path / name).certificate for name in ("with", "without"))
    assert (with_suffix.decoder.suffix, without.decoder.suffix) == ((7, 9), ())
    assert with_suffix.entries[0].key != without.entries[0].key
    assert "suffix" not in (tmp_path / "without" / "certificate.json").read_text()
    ended = cramboard("verify", tmp_path / "with", "-d", short_folder, "--json")
    assert json.loads(ended.out)["verification"]["identical"] == 1


def test_a_suffix_beyond_the_vocabulary_is_refused(write: Write, short_folder: Path, tmp_path: Path) -> None:
    evaluate(write(suffix=[257]), short_folder, tmp_path / "run", "--span", 8).refused(3, "257 is no token")


def test_a_text_that_an_encoder_fails_on_is_a_failure_of_that_sample(
    write: Write, short_folder: Path, tmp_path: Path
) -> None:
    first = load_task("speeches").samples(limit=1)[0].text[:8]
    code = CODE.replace("        numbers", f"        assert text != {first!r}, 'a hard text'\n        numbers", 1)
    ended = evaluate(write(code=code), short_folder, tmp_path / "run", "--span", 8)
    assert ended.code == 1
    assert "failed: AssertionError: a hard text" in ended.err
    assert len(RunFolder(tmp_path / "run").records()) == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("self.given.k, self.given.d", "self.given.d, 1"), "returned an array [64, 1], not [k, d] = [2, 64]"),
        (("/ 100", "* numpy.nan"), "returned a NaN or an infinity"),
        (('"float32") / 100', '"int64")'), "returned numbers of type int64"),
        (("return numbers", "return __import__('torch').from_numpy(numbers.copy()).int() #"), "of type torch.int32"),
        (("return [self.one(text) for text in texts]", "return []"), "returned 0 arrays for 1 texts"),
        (("return [self.one(text) for text in texts]", "pass"), "returned NoneType, not a list with an array [k, d]"),
    ],
)
def test_an_array_of_another_kind_is_named(
    write: Write, short_folder: Path, tmp_path: Path, change: tuple[str, str], says: str
) -> None:
    code = CODE.replace(*change)
    assert code != CODE
    ended = evaluate(write(code=code), short_folder, tmp_path / "run", "--span", 8, "--limit", 1)
    assert ended.code == 1
    assert says in ended.err


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import nothing_like_it", "does not start: ModuleNotFoundError: No module named 'nothing_like_it'"),
        ("class Other: pass", "has no class Encoder"),
        ("\nraise OSError('not here,\\n  nor there')", "start: OSError: not here, nor there (encoder.py line 2)"),
        ("import os; os._exit(0)", "left [] behind"),
        ("open('/nowhere/else', 'w')", "does not start: FileNotFoundError"),
    ],
)
def test_an_encoder_that_does_not_start_ends_the_run(
    write: Write, short_folder: Path, tmp_path: Path, code: str, says: str
) -> None:
    evaluate(write(code=code), short_folder, tmp_path / "run", "--span", 8).refused(3, says)


def test_what_is_told_of_an_encoder_stays_short_whatever_it_prints(
    write: Write, short_folder: Path, tmp_path: Path
) -> None:
    code = """import sys; sys.exit('  File "/submission/' + 'A' * 18_000 + '.py", line 1\\nover')"""
    ended = evaluate(write(code=code), short_folder, tmp_path / "run", "--span", 8)
    ended.refused(3, "does not start: over (AAA")
    assert len(ended.err) < 600


@pytest.mark.parametrize("link", ["w.safetensors", "results", "requirements.txt"])
def test_no_link_of_a_submission_is_followed(write: Write, short_folder: Path, tmp_path: Path, link: str) -> None:
    """It may lead to any file of the machine that evaluates it, and a sha256 may be known of one."""
    (tmp_path / "outside").mkdir()
    data = b"numpy==2.0.0"
    (tmp_path / "outside" / "w.safetensors").write_bytes(data)
    file = "results/w.safetensors" if link == "results" else "w.safetensors"
    weights = [{"file": file, "sha256": sha256_bytes(data), "bytes": len(data)}]
    declared = {"requirements": link} if link == "requirements.txt" else {"weights": weights}
    folder = write(encoder={"file": "encoder.py", "name": "Encoder"} | declared)
    (folder / link).symlink_to(tmp_path / "outside" / ("" if link == "results" else "w.safetensors"))
    ended = evaluate(folder, short_folder, tmp_path / "run", "--span", 8)
    ended.refused(3, f"{folder / link}: a link; put the file itself there")


def test_without_a_sandbox_an_encoder_is_refused(
    write: Write, short_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cramboard.sandbox.available", lambda: "bubblewrap is not installed")
    words = ("evaluate", "-t", "speeches", "-d", short_folder, "-m", write(), "-k", 2)
    cramboard(*words).refused(4, "bubblewrap is not installed", "--unsandboxed")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("-k", 3), "declares plans for k = 2, 4"),
        (("--preset", "quick"), "go with built-in methods"),
        (("-m", "cram"), "--unsandboxed goes with a submission"),
    ],
)
def test_words_that_do_not_fit_a_submission_are_refused(
    write: Write, short_folder: Path, tmp_path: Path, words: tuple[object, ...], says: str
) -> None:
    evaluate(write(), short_folder, tmp_path / "run", *words).refused(2, says)


def test_a_decoder_that_it_is_not_for_is_refused(write: Write, tiny_folder: Path, tmp_path: Path) -> None:
    evaluate(write(), tiny_folder, tmp_path / "run").refused(2, "is for decoder short, not tiny")


def test_other_code_is_another_run(write: Write, short_folder: Path, tmp_path: Path) -> None:
    assert evaluate(write(), short_folder, tmp_path / "run", "--span", 8, "--limit", 1).code == 0
    other = write(code=CODE.replace("100", "200"))
    evaluate(other, short_folder, tmp_path / "run", "--span", 8, "--limit", 1).refused(3, "another preset or setting")
    words_about_it = write(description="Said otherwise.")
    assert evaluate(words_about_it, short_folder, tmp_path / "run", "--span", 8, "--limit", 1).code == 0


def tensor(**changes: object) -> bytes:
    """A safetensors file of one text's `[2, 4]` vectors, with a head to lie in."""
    head = {"vectors": {"dtype": "F32", "shape": [1, 2, 4], "data_offsets": [0, 32]}} | changes
    header = json.dumps({name: value for name, value in head.items() if value is not None}).encode()
    return len(header).to_bytes(8, "little") + header + b"\0" * 32


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not a safetensors file"),
        (b"\x80\x04pickle........", "not a safetensors file"),
        (tensor()[:-1], "31 bytes of numbers"),
        (tensor() + b"hidden text", "43 bytes of numbers"),
        (tensor() + b"x" * 2000, "at most"),
        (tensor(__metadata__={"text": "The state"}), "no metadata"),
        (tensor(more={"dtype": "F32", "shape": [0], "data_offsets": [32, 32]}), "no further tensor"),
        (tensor(vectors={"dtype": "F64", "shape": [1, 2, 2], "data_offsets": [0, 32]}), "holds F64 [1, 2, 2]"),
        (tensor(vectors={"dtype": "F32", "shape": [1, 4, 2], "data_offsets": [0, 32]}), "holds F32 [1, 4, 2]"),
        (tensor(vectors={"dtype": "F32", "shape": [1, 2, 4], "data_offsets": [0, 32], "x": 1}), "head with more"),
        (tensor()[:-4] + b"\xff\xff\xff\x7f", "NaN"),
    ],
)
def test_a_file_with_anything_but_the_vectors_is_refused(tmp_path: Path, data: bytes, says: str) -> None:
    (tmp_path / "vectors.safetensors").write_bytes(data)
    with pytest.raises(SubmissionError, match="means") as error:
        read_vectors("means", tmp_path, 1, 2, 4)
    assert says in str(error.value)


def test_a_link_or_a_second_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(tensor())
    folder = tmp_path / "output"
    folder.mkdir()
    (folder / "vectors.safetensors").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SubmissionError, match="not a plain file"):
        read_vectors("means", folder, 1, 2, 4)
    (folder / "vectors.safetensors").unlink()
    (folder / "vectors.safetensors").write_bytes(tensor())
    (folder / "scores.json").write_text("{}")
    with pytest.raises(SubmissionError, match=r"scores\.json"):
        read_vectors("means", folder, 1, 2, 4)
    (folder / "scores.json").unlink()
    assert read_vectors("means", folder, 1, 2, 4).shape == (1, 2, 4)
