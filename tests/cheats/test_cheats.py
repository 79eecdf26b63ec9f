"""Every cheat is caught, and its author reads the line that README.md promises."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from cramboard import sandbox
from cramboard.sandbox import Command, Ended, run_isolated
from tests.run.commands import cramboard
from tests.submit.conftest import git
from tests.waiting import PATIENCE_SECONDS

HERE = Path(__file__).parent
# The table of README.md: a cheat and the line that its author reads, if one is promised.
ROWS = re.findall(r"^\| `([a-z-]+)` \|.*\| (.+) \|$", (HERE / "README.md").read_text(), re.MULTILINE)
LINES = {name: line.strip("`") for name, line in ROWS if line.startswith("`")}
# Caught by its scores, not by a check.
MEMORISED = "memorised-the-samples"


@pytest.fixture(autouse=True)
def on_a_small_scale(common_cache: Path, one_thread: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A narrow decoder, one text, and limits that spare the machine: what they are does not change what they do."""

    def run(command: Command) -> Ended:
        seconds = 3 if "never-ends" in str(command.readable) else PATIENCE_SECONDS
        small = replace(command.limits, seconds=seconds, memory_bytes=500_000_000, processes=64)
        return run_isolated(replace(command, limits=small))

    monkeypatch.setenv("CRAMBOARD_CACHE", str(common_cache))
    monkeypatch.setattr("cramboard.submit.trial._width", lambda decoder: 64)
    monkeypatch.setattr("cramboard.submit.trial._TEXTS", 1)
    monkeypatch.setattr(sandbox, "run_isolated", run)


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone with another's submission on its main branch; it is the current folder."""
    another = tmp_path / "submissions" / "another"
    another.mkdir(parents=True)
    (another / "encoder.py").write_text("class Encoder: ...\n")
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "Begin")
    git(tmp_path, "switch", "--quiet", "--create", "mine")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def propose(name: str, clone: Path) -> Path:
    """Put a cheat into the clone; its folder `another` goes over the other submission."""
    folder = clone / "submissions" / name
    shutil.copytree(HERE / name, folder, symlinks=True, ignore=shutil.ignore_patterns("another", "__pycache__"))
    if (HERE / name / "another").is_dir():
        shutil.copytree(HERE / name / "another", clone / "submissions" / "another", dirs_exist_ok=True)
    return folder


def test_every_cheat_is_in_the_table() -> None:
    folders = {path.parent.name for path in HERE.glob("*/submission.yaml")}
    assert {name for name, _ in ROWS} == folders
    assert folders - set(LINES) == {MEMORISED}
    assert len(folders) >= 12


@pytest.mark.sandbox
@pytest.mark.parametrize("name", LINES)
def test_a_cheat_is_caught(name: str, clone: Path) -> None:
    ended = cramboard("submit", "check", propose(name, clone))
    assert ended.code == 3
    assert any(LINES[name] in line for line in ended.err.splitlines()), ended.err
    assert ended.out == ""
    assert (clone / "submissions" / name / "encoder.py").read_text() == (HERE / name / "encoder.py").read_text()


@pytest.mark.sandbox
def test_what_was_memorised_meets_every_check(clone: Path) -> None:
    """So it is caught by its scores: `tests/submit/test_add_sealed.py` takes it from a sealed set to the board."""
    ended = cramboard("submit", "check", propose(MEMORISED, clone))
    assert (ended.code, ended.out) == (0, f"{MEMORISED}: ready to be proposed\n")


@pytest.mark.sandbox
@pytest.mark.parametrize(("name", "link"), [("links-out", "notes.txt"), ("links-a-folder-out", "notes")])
def test_the_evaluation_follows_no_link(name: str, link: str, clone: Path, tmp_path: Path) -> None:
    """Whoever evaluates a submission may not have checked it."""
    folder = propose(name, clone)
    words = ("-t", "speeches", "-d", "smollm2-135m-instruct-q4_1", "-m", folder, "--limit", 1)
    ended = cramboard("evaluate", *words, "--output-dir", tmp_path / "run")
    ended.refused(3, f"{folder / link}: a link; put the file itself there")
