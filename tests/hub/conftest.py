"""A stand-in Hub for each test, a client that is quick to give up, and tasks that a test may change."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from huggingface_hub import set_client_factory

from cramboard import files
from cramboard.hub import library, patience
from cramboard.hub.patience import Patience, PatientClient
from tests.hub.standin import Standin, serving
from tests.hub.tasks import shorten, unpin
from tests.waiting import PATIENCE_SECONDS

ROOT = Path(__file__).parents[2]
# It waits for bytes as long as a busy machine may need to send them; pauses between its tries take no time (`waits`).
QUICK = Patience(
    attempts=3, total_seconds=3, timeout_seconds=PATIENCE_SECONDS, first_wait_seconds=0.5, longest_wait_seconds=2,
    grace_seconds=PATIENCE_SECONDS, least_bytes_per_second=1_000,
)  # fmt: skip


class Clock:
    """A clock that moves only when somebody sleeps, which takes no time; `waits` are the seconds of each."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def monotonic(self) -> float:
        return sum(self.waits)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between tries, in seconds."""
    clock = Clock()
    monkeypatch.setattr(patience, "time", clock)
    return clock.waits


@pytest.fixture
def standin(tmp_path: Path, waits: list[float], monkeypatch: pytest.MonkeyPatch) -> Iterator[Standin]:
    """A Hub of the user `org`, at which this process is pointed with the token of `org`."""
    with serving({"hf_org": "org", "hf_other": "other"}) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.setenv("HF_TOKEN", "hf_org")
        for name in ("HF_HUB_OFFLINE", "CRAMBOARD_OFFLINE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("CRAMBOARD_CACHE", str(tmp_path / "cache"))
        library._set_up()
        set_client_factory(lambda: PatientClient(QUICK))
        yield server
        set_client_factory(PatientClient)


@pytest.fixture
def tasks_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three of the committed tasks, in a folder that a test may change.

    speeches and random-words have three public and two tuning samples each; pg19 is not built yet.
    """
    tasks = tmp_path / "tasks"
    committed = files.data_folder("tasks")
    tasks.mkdir()
    shutil.copy(committed / "dataset.yaml", tasks)
    for name in ("pg19", "random-words", "speeches"):
        (tasks / name).mkdir()
        for file in sorted((committed / name).glob("*.*")):
            shutil.copy(file, tasks / name)
    monkeypatch.setattr(files, "data_folder", lambda room: tmp_path / room)
    for name in ("random-words", "speeches"):
        shorten(tasks / name)
    unpin(tasks)
    return tasks


WITHOUT_CLONE = f"import json, sys\nsys.path = [place for place in sys.path if place != {str(ROOT)!r}]"


@pytest.fixture
def run_outside(standin: Standin, tmp_path: Path) -> Callable[..., object]:
    """Run Python code in a process that has its own Hub cache and no cramboard on its path; return what it prints.

    The clone may be on the path of every process (an editable install), so it is taken off there.
    """

    def run(code: str, **variables: str) -> object:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        given = {"HF_ENDPOINT": standin.url, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_DISABLE_XET": "1"}
        ended = subprocess.run(
            [sys.executable, "-c", f"{WITHOUT_CLONE}\n{code}"],
            env=kept | given | variables, cwd=tmp_path, capture_output=True, text=True, check=False,
            timeout=PATIENCE_SECONDS,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    return run
