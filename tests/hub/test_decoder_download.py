"""Decoders come from the Hub the same way: bounded, one line, and what is in the cache serves without a network."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hub.conftest import ROOT
from tests.hub.standin import Answer, Fault, Standin
from tests.hub.standin.store import Blob, Repository
from tests.waiting import PATIENCE_SECONDS

CODE = """
import json
from huggingface_hub import set_client_factory
from cramboard import hub
from cramboard.hub import library
from cramboard.hub.patience import Patience, PatientClient
library._set_up()
set_client_factory(lambda: PatientClient(Patience(attempts=2, first_wait_seconds=0.05)))
try:
    folder = hub.download("org/decoder", REVISION, WANTED)
    print(json.dumps(sorted(path.name for path in folder.iterdir())))
except Exception as error:
    print(json.dumps(f"{type(error).__name__}: {error}"))
"""


@pytest.fixture
def download(standin: Standin, tmp_path: Path) -> Callable[..., object]:
    """Download a decoder in a process with a Hub cache of its own."""
    repository = Repository("models", "org/decoder", private=False)
    files = {"config.json": Blob(b"{}"), "model.safetensors": Blob(b"weights", large=True), "notes.txt": Blob(b"-")}
    repository.commit("main", "add", files)
    standin.store.repositories["models", "org/decoder"] = repository

    def run(wanted: str = '["config.json", "*.safetensors"]', **variables: str) -> object:
        environment = {**os.environ, "HF_HOME": str(tmp_path / "hf"), "PYTHONPATH": str(ROOT), **variables}
        code = CODE.replace("REVISION", repr(repository.head.id)).replace("WANTED", wanted)
        ended = subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=PATIENCE_SECONDS,
        )
        assert ended.stderr == ""
        return json.loads(ended.stdout)

    return run


def test_a_decoder_is_downloaded_once_and_then_needs_no_network(
    standin: Standin, download: Callable[..., object]
) -> None:
    assert download() == ["config.json", "model.safetensors"]
    standin.requests.clear()
    assert download(CRAMBOARD_OFFLINE="1") == ["config.json", "model.safetensors"]
    assert not standin.requests
    standin.faults.append(Fault("", Answer(503)))
    assert download() == ["config.json", "model.safetensors"]


def test_a_decoder_that_is_not_to_be_had_is_one_line(standin: Standin, download: Callable[..., object]) -> None:
    standin.faults.append(Fault("", Answer(503)))
    said = str(download())
    assert said.startswith("MachineError: decoder org/decoder at ")
    assert "answers 503 (tried 2 times); try again later (nor is it whole in the Hub's cache on this machine)" in said
    assert "\n" not in said


def test_a_file_that_is_larger_than_declared_is_not_begun(standin: Standin, download: Callable[..., object]) -> None:
    said = str(download('["model.safetensors"], "file model.safetensors of", at_most_bytes=6'))
    assert said.startswith("InputError: file model.safetensors of org/decoder at ")
    assert said.endswith(": has 7 bytes there, not 6 as declared; correct bytes")
    assert not any("resolve" in str(request) for request in standin.requests)
    assert download('["model.safetensors"], "file", at_most_bytes=7') == ["model.safetensors"]
    assert any("resolve" in str(request) for request in standin.requests)
