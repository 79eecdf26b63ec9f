"""The wheel works outside a clone: installed into a fresh environment, with nothing of this one but libraries."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
QUICK = ["-m", "cram", "--preset", "quick", "--set", "steps=5", "--limit", "1"]


def call(*words: str | Path, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        list(map(str, words)), cwd=cwd, env=kept | variables, capture_output=True, text=True, timeout=600, check=False
    )


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel; this environment's libraries are lent to it, cramboard is not."""
    folder = tmp_path_factory.mktemp("wheel")
    built = call(
        sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
        "-w", folder, ROOT, cwd=ROOT,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    [wheel] = folder.glob("cramboard-*.whl")
    home = folder / "env"
    venv.create(home, with_pip=False, symlinks=True)
    [site] = home.glob("lib/python*/site-packages")
    installed = call(
        sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", site, wheel, cwd=folder
    )  # fmt: skip
    assert installed.returncode == 0, installed.stderr
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home / "bin" / "python"


def test_the_wheel_runs_the_main_job_outside_a_clone(fresh, tiny_folder, tmp_path):
    where = call(fresh, "-c", "import cramboard; print(cramboard.__file__)", cwd=tmp_path)
    assert where.stdout.startswith(str(fresh.parents[1])), where

    listed = call(fresh, "-m", "cramboard", "tasks", "list", "--json", cwd=tmp_path)
    assert {task["name"] for task in json.loads(listed.stdout)} >= {"speeches", "random-words"}

    cache = {"CRAMBOARD_CACHE": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}
    words = ["evaluate", "-t", "speeches", "-d", tiny_folder, *QUICK, "--output-dir", "run", "--json"]
    made = call(fresh, "-m", "cramboard", *words, cwd=tmp_path, **cache)
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["samples"] == 1
    assert json.loads((tmp_path / "run/run.json").read_text())["provenance"]["commit"] is None

    verified = call(fresh, "-m", "cramboard", "verify", "run", "-d", tiny_folder, "--json", cwd=tmp_path, **cache)
    assert verified.returncode == 0, verified.stderr
    assert json.loads(verified.stdout)["verification"]["confirmed"] == 1

    page = call(fresh, "-m", "cramboard", "view", "run", cwd=tmp_path, **cache)
    assert page.returncode == 0, page.stderr
    assert "</html>" in (tmp_path / "run/view.html").read_text()

    built = call(
        fresh, "-m", "cramboard", "leaderboard", "build", "--with", "run", "-o", "site", cwd=tmp_path, **cache
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    assert "This machine: run" in (tmp_path / "site/index.html").read_text()
    assert "Kuratov" in (tmp_path / "site/published.html").read_text()


def test_the_wheel_carries_the_skeleton_of_a_submission(fresh, tmp_path):
    (tmp_path / "submissions").mkdir()
    begun = call(fresh, "-m", "cramboard", "submit", "new", "my-encoder", cwd=tmp_path)
    assert begun.returncode == 0, begun.stderr
    assert "class Encoder" in (tmp_path / "submissions/my-encoder/encoder.py").read_text()
