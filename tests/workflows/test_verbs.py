"""What the verbs of make that only the workflows use do with a proposal's clone and its runs."""

import importlib.util
import shutil
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

from cramboard.run import Asked
from tests.run.commands import cramboard
from tests.submit.conftest import git
from tests.workflows.test_workflows import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()
LISTED = "smollm2-135m-instruct-q4_1"
SPEC = f"""
name: Means
authors: [A. Tester]
description: Made for a test.
licence: Apache-2.0
kind: encoder
encoder: {{}}
decoders: [{LISTED}]
plans: [{{k: 1, span: 16}}, {{k: 4, span: 64}}]
training_data: None.
"""


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone that proposes one submission, with the repository that it is of."""
    subprocess.run(["git", "init", "--quiet", "--bare", tmp_path / "origin"], check=True)
    folder = tmp_path / "clone"
    (folder / "submissions").mkdir(parents=True)
    (folder / "submissions" / "README.md").write_text("Submissions.\n")
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "remote", "add", "origin", str(tmp_path / "origin"))
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "Begin")
    git(folder, "push", "--quiet", "origin", "main")
    git(folder, "switch", "--quiet", "--create", "mine")
    proposed = folder / "submissions" / "means"
    proposed.mkdir()
    (proposed / "submission.yaml").write_text(SPEC)
    (proposed / "encoder.py").write_text("class Encoder:\n    def encode(self, texts): ...\n")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "A. Tester")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "tester@example.org")
    return folder


@pytest.fixture
def script() -> ModuleType:
    path = ROOT / "scripts" / "evaluate_submission.py"
    spec = importlib.util.spec_from_file_location("evaluate_submission", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--silent", "-C", str(ROOT), *map(str, words)], capture_output=True, text=True, check=False
    )


def test_every_built_task_of_texts_and_every_plan_is_evaluated(
    clone: Path, script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[Asked] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["evaluate_submission.py", "clone", "runs"])
    monkeypatch.setattr("cramboard.submit.check.trial_problems", lambda *_: [])
    monkeypatch.setattr(script, "_evaluate", lambda one: asked.append(one) or 0)
    monkeypatch.setattr(script, "task_names", lambda: ["pg19", "random-tokens", "random-words", "speeches"])
    assert script.main() == 0
    assert {one.method for one in asked} == {str(clone / "submissions" / "means")}
    assert [one.output_dir for one in asked] == [
        tmp_path / "runs" / f"{task}-{LISTED}-k{k}" for task in ("random-words", "speeches") for k in (1, 4)
    ]
    assert not any(one.unsandboxed for one in asked)


def test_a_submission_that_is_to_be_mended_is_not_evaluated(
    clone: Path, script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (clone / "submissions" / "README.md").write_text("Mine.\n")
    monkeypatch.setattr("sys.argv", ["evaluate_submission.py", str(clone), "runs"])
    monkeypatch.chdir(clone)
    monkeypatch.setattr(script, "_evaluate", lambda one: pytest.fail("evaluated"))
    assert script.main() == 3
    assert capsys.readouterr().err.startswith("fix: submissions/README.md: a submission adds the folder")


def test_a_submission_of_which_nothing_can_be_evaluated_is_refused_in_one_line(
    clone: Path, script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["evaluate_submission.py", str(clone), "runs"])
    monkeypatch.chdir(clone)
    monkeypatch.setattr("cramboard.submit.check.trial_problems", lambda *_: [])
    monkeypatch.setattr(script, "task_names", lambda: [])
    assert script.main() == 3
    assert capsys.readouterr().err.endswith(
        "means: nothing to evaluate: no task has vectors of its decoders and plans\n"
    )


def test_results_are_verified_again_and_then_filed_in_the_clone(clone: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs and more"
    for name in ("b c/k1", "b c/k1-span16"):
        (runs / name).mkdir(parents=True)
        (runs / name / "run.json").touch()
    environment = tmp_path / "venv"
    (environment / "bin").mkdir(parents=True)
    (environment / ".ready").touch()
    command = environment / "bin" / "cramboard"
    command.write_text(f'#!/bin/sh\necho "$PWD: $*" >> {tmp_path}/said\n')
    command.chmod(0o755)
    done = make("results", f"VENV={environment}", f"CLONE={clone}", f"RUNS={runs}")
    assert done.returncode == 0, done.stderr
    said = (tmp_path / "said").read_text().splitlines()
    found = {str(runs / "b c" / name) for name in ("k1", "k1-span16")}
    assert set(said[:2]) == {f"{ROOT}: verify {path}" for path in found}
    assert set(said[2:]) == {f"{clone}: submit add {path}" for path in found}


def test_results_are_proposed_as_a_branch(clone: Path, tmp_path: Path) -> None:
    assert make("propose", f"CLONE={clone}", "BRANCH=evaluated/7").returncode == 0
    listed = subprocess.run(
        ["git", "-C", tmp_path / "origin", "ls-tree", "-r", "--name-only", "evaluated/7"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "submissions/means/encoder.py" in listed.stdout.split()


@pytest.mark.parametrize("words", ["evaluate", "verify", "submit check", "submit add", "leaderboard build"])
def test_every_command_that_a_verb_runs_is_there(words: str) -> None:
    assert f'cramboard" {words}' in MAKEFILE or f"cramboard {words}" in MAKEFILE
    assert cramboard(*words.split(), "--help").code == 0


def test_the_sandbox_is_got_by_a_script_that_bash_can_read() -> None:
    assert shutil.which("bash") is not None
    assert subprocess.run(["bash", "-n", ROOT / "scripts" / "get_sandbox.sh"], check=False).returncode == 0
