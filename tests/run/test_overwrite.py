"""What a run may write over, and what it leaves alone."""

import json
import shutil
from pathlib import Path

import pytest

from cramboard.run import RunFolder
from tests.run.commands import contents, cramboard, evaluate, lines
from tests.tiny import save_tiny_decoder

KEPT = "3 of 4 samples are finished already and kept\n"


def test_never_refuses_a_folder_with_a_run_and_takes_a_new_one(
    short_folder: Path, run_copy: Path, tmp_path: Path
) -> None:
    before = contents(run_copy)
    refused = evaluate(short_folder, run_copy, "--limit", 3, "--overwrite", "never")
    refused.refused(2, f"{run_copy}: holds a run already")
    assert contents(run_copy) == before
    assert evaluate(short_folder, tmp_path / "new", "--limit", 1, "--overwrite", "never").code == 0


def test_always_starts_anew(short_folder: Path, run_copy: Path, finished_run: Path) -> None:
    (run_copy / "verifications.jsonl").write_text("of the old run")
    ended = evaluate(short_folder, run_copy, "--limit", 1, "--seed", 1, "--overwrite", "always")
    assert (ended.code, ended.err) == (0, "")
    assert RunFolder(run_copy).run().seed == 1
    assert len(lines(run_copy)) == 1
    assert set(contents(run_copy)) == set(contents(finished_run))


def test_always_makes_a_damaged_run_again(short_folder: Path, run_copy: Path, finished_run: Path) -> None:
    for name in ("run.json", "control.safetensors", "samples.jsonl", "vectors.safetensors"):
        (run_copy / name).write_bytes(b"damaged")
    said = evaluate(short_folder, run_copy, "--limit", 3, "--overwrite", "always", "--dry-run", "--json")
    assert (said.code, json.loads(said.out)["to_do"]) == (0, 3)
    assert evaluate(short_folder, run_copy, "--limit", 3, "--overwrite", "always").code == 0
    results = [name for name in contents(finished_run) if name != "run.json"]
    assert {name: contents(run_copy)[name] for name in results} == {
        name: contents(finished_run)[name] for name in results
    }


@pytest.mark.parametrize("wrong", [("--span", 199), ("--device", "cuda:7"), ("-k", 200)])
def test_always_with_a_mistake_in_the_command_leaves_the_old_run(
    short_folder: Path, run_copy: Path, wrong: tuple[object, ...]
) -> None:
    before = contents(run_copy)
    ended = evaluate(short_folder, run_copy, "--limit", 3, "--overwrite", "always", *wrong)
    assert ended.code in (3, 4)
    assert contents(run_copy) == before


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("-k", 1), "k"),
        (("--seed", 1), "seed"),
        (("--set", "steps=31"), "preset or setting"),
        (("--preset", "full"), "preset or setting"),
        (("--span", 7), "span"),
        (("--split", "tuning"), "split"),
        (("-t", "random-words"), "task"),
        (("-d", "smollm2-135m-instruct-q4_1"), "decoder"),
    ],
)
@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_a_folder_with_another_run_is_refused_naming_what_differs(
    short_folder: Path, run_copy: Path, words: tuple[object, ...], what: str, dry: tuple[str, ...]
) -> None:
    before = contents(run_copy)
    ended = evaluate(short_folder, run_copy, "--limit", 3, *words, *dry)
    ended.refused(3, f"{run_copy}: holds a run with another {what};", "--overwrite always")
    assert contents(run_copy) == before


def test_a_folder_with_a_run_of_another_method_is_refused(short_folder: Path, run_copy: Path) -> None:
    words = ("-t", "speeches", "-d", short_folder, "-m", "constant", "-k", 2)
    refused = cramboard("evaluate", *words, "--output-dir", run_copy)
    refused.refused(3, f"{run_copy}: holds a run with another method;")


def test_another_decoder_of_the_same_name_is_refused_before_it_adds_to_a_run(
    short_folder: Path, run_copy: Path, tmp_path: Path
) -> None:
    other = save_tiny_decoder(tmp_path / "elsewhere" / short_folder.name, seed=1, context=200)
    before = contents(run_copy)
    evaluate(other, run_copy, "--limit", 4).refused(3, "holds a run with another decoder;", notice=KEPT)
    assert contents(run_copy) == before


def test_a_run_whose_control_was_changed_is_not_added_to(short_folder: Path, run_copy: Path) -> None:
    path = run_copy / "control.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    before = contents(run_copy)
    refused = evaluate(short_folder, run_copy, "--limit", 4)
    refused.refused(3, f"{path}: not the control that run.json names", notice=KEPT)
    assert contents(run_copy) == before


@pytest.mark.parametrize("overwrite", ["never", "missing", "always"])
def test_a_folder_with_other_peoples_files_is_refused(short_folder: Path, tmp_path: Path, overwrite: str) -> None:
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "chapter-1.tex").write_text("In the beginning")
    refused = evaluate(short_folder, folder, "--limit", 1, "--overwrite", overwrite)
    refused.refused(3, f"{folder}: holds 'chapter-1.tex' and no run")
    assert contents(folder) == {"chapter-1.tex": b"In the beginning"}


def test_a_dry_run_says_what_it_would_do_and_writes_nothing(short_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    ended = evaluate(short_folder, folder, "--limit", 3, "--batch-size", 2, "--dry-run")
    assert (ended.code, ended.err) == (0, "")
    said = dict(line.split(maxsplit=1) for line in ended.out.replace("to do", "to_do").splitlines())
    assert (said["samples"], said["to_do"], said["units"]) == ("3", "3", "2")
    assert (said["task"], said["decoder"], said["folder"]) == ("speeches 1.0.0", "short", str(folder))
    assert "steps=30" in said["settings"]
    assert not folder.exists()


def test_a_dry_run_counts_what_is_finished(short_folder: Path, run_copy: Path) -> None:
    before = contents(run_copy)
    for words, to_do in (((), 1), (("--overwrite", "always"), 4)):
        ended = evaluate(short_folder, run_copy, "--limit", 4, "--dry-run", "--json", *words)
        facts = json.loads(ended.out)
        assert (ended.code, facts["samples"], facts["to_do"]) == (0, 4, to_do)
    assert contents(run_copy) == before


def test_without_an_output_dir_the_run_goes_below_runs_and_other_runs_beside_it(
    short_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ("evaluate", "-t", "speeches", "-d", short_folder, "-m", "cram", "--preset", "quick", "--limit", 1)
    words = (*words, "--dry-run", "--json")
    variants = ((), ("-k", 2), ("--seed", 1), ("--span", 9), ("--set", "steps=9"), ("--split", "tuning"))
    folders = [json.loads(cramboard(*words, *more).out)["folder"] for more in variants]
    assert folders[0] == "runs/speeches/short/cram-quick/k1"
    assert len(set(folders)) == len(variants)
    assert json.loads(cramboard(*words, "--limit", 2).out)["folder"] == folders[0]


@pytest.mark.parametrize("below", ["a-file", "a-file/run", "a-file/deeper/run"])
def test_an_output_that_cannot_be_written_is_refused(short_folder: Path, tmp_path: Path, below: str) -> None:
    (tmp_path / "a-file").write_text("here already")
    folder = tmp_path / below
    evaluate(short_folder, folder, "--limit", 1).refused(4, str(folder), "choose another folder")
    assert contents(tmp_path) == {"a-file": b"here already"}


def test_a_copied_run_goes_on_where_the_first_stopped(short_folder: Path, run_copy: Path, tmp_path: Path) -> None:
    moved = shutil.move(run_copy, tmp_path / "elsewhere")
    ended = evaluate(short_folder, moved, "--limit", 4)
    assert (ended.code, ended.err) == (0, KEPT)
    assert len(lines(moved)) == 4
