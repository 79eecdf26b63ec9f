"""CONTRIBUTING's five steps, as they stand there, from a clone to a pushed branch."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cramboard import sandbox

INSTALL = "mkdir -p .venv/bin && touch .venv/bin/activate"
DECODER = "smollm2-135m-instruct-q4_1"
# The decoder is a tiny one of the same name, given last: the real one is as slow here as it is in `test_smollm2`. Where
# there is no sandbox, the two commands that run the encoder are given the word that says so.
COMMAND = """#!/bin/sh
case "$1 $2" in
    "evaluate "*) set -- "$@" -d {decoder} {extra} ;;
    "submit check") set -- "$@" {extra} ;;
esac
exec {python} -m cramboard "$@"
"""


def run(folder: Path, *words: str, **variables: str) -> str:
    done = subprocess.run(
        words, cwd=folder, env=os.environ | variables, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def steps(root: Path) -> list[str]:
    section = (root / "CONTRIBUTING.md").read_text().split("in five steps\n")[1].split("\n## ")[0]
    found = re.findall(r"^(\d)\. .*?^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    assert [number for number, _ in found] == list("12345")
    return [commands for _, commands in found]


def test_the_five_steps_lead_to_a_pushed_branch(pytestconfig: pytest.Config, tiny_folder: Path, tmp_path: Path) -> None:
    root = pytestconfig.rootpath
    if not (root / ".git").exists():
        pytest.skip("needs a clone")
    origin, programs = tmp_path / "origin.git", tmp_path / "programs"
    run(tmp_path, "git", "clone", "--quiet", "--bare", str(root), str(origin))
    run(origin, "git", "update-ref", "refs/heads/main", "HEAD")
    run(origin, "git", "symbolic-ref", "HEAD", "refs/heads/main")
    programs.mkdir()
    decoder = shutil.copytree(tiny_folder, tmp_path / DECODER)
    extra = "" if sandbox.available() is None else "--unsandboxed"
    for name, text in {
        "make": f"#!/bin/sh\n{INSTALL}\n",
        "cramboard": COMMAND.format(python=sys.executable, decoder=decoder, extra=extra),
    }.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)

    said = run(
        tmp_path, "bash", "-euo", "pipefail", "-c", "\n".join(steps(root)),
        REPOSITORY=str(origin), PATH=f"{programs}:{os.environ['PATH']}", PYTHONPATH=str(root),
        HF_HUB_OFFLINE="1", OMP_NUM_THREADS="1",
        GIT_AUTHOR_NAME="A. Tester", GIT_AUTHOR_EMAIL="tester@example.org",
        GIT_COMMITTER_NAME="A. Tester", GIT_COMMITTER_EMAIL="tester@example.org",
    )  # fmt: skip
    assert "Tokens per vector" in said
    assert "my-encoder: ready to be proposed" in said
    pushed = run(origin, "git", "diff", "--name-status", "main", "my-encoder")
    assert pushed.splitlines() == [
        f"A\tsubmissions/my-encoder/{name}" for name in ("README.md", "encoder.py", "submission.yaml")
    ]
