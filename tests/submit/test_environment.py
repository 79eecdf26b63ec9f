"""Requirements are installed into an environment of their own, from wheels alone, once."""

import subprocess
import zipfile
from pathlib import Path

import pytest

from cramboard.errors import InputError
from cramboard.methods.submitted.environment import environment, requirement_lines
from cramboard.submission import read_submission
from tests.submit.conftest import Write


@pytest.fixture
def wheels(tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for the package index, with one wheel in it."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    with zipfile.ZipFile(folder / "made_up-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("made_up.py", "ANSWER = 42\n")
        wheel.writestr("made_up-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: made-up\nVersion: 1.0\n")
        wheel.writestr("made_up-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("made_up-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_pinned_requirements_are_installed_once(write: Write, wheels: Path) -> None:
    folder = write(files={"needs.txt": b"made-up==1.0\n"}, encoder={"requirements": "needs.txt"})
    program, readable = environment(read_submission(folder))
    assert program == "/environment/bin/python"
    [home] = readable.values()
    said = subprocess.run(
        [home / "bin/python", "-I", "-c", "import made_up; print(made_up.ANSWER)"], capture_output=True, text=True
    )
    assert said.stdout == "42\n"
    (wheels / "made_up-1.0-py3-none-any.whl").unlink()
    assert environment(read_submission(folder)) == (program, readable)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_requirement_goes_on_behind_a_backslash(tmp_path: Path, end: str) -> None:
    path, digest = tmp_path / "needs.txt", "--hash=sha256:" + "a" * 64
    path.write_bytes(end.join(["# why", f"made-up==1.0 \\{end}  {digest}", "other==2.0  # why", ""]).encode())
    one, other = requirement_lines(path)
    assert (one.split(), other) == (["made-up==1.0", digest], "other==2.0")


def test_a_file_beside_it_does_not_stand_for_pip(clone: Path, write: Write, wheels: Path) -> None:
    (clone / "pip.py").write_text("open('ran', 'w').close()\n")
    folder = write(files={"needs.txt": b"made-up==1.0\n"}, encoder={"requirements": "needs.txt"})
    environment(read_submission(folder))
    assert not (clone / "ran").exists()


def test_an_installation_that_never_ends_is_told_in_a_line(
    write: Write, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cramboard.methods.submitted.environment._SECONDS", 0.01)
    folder = write(files={"needs.txt": b"made-up==1.0\n"}, encoder={"requirements": "needs.txt"})
    with pytest.raises(InputError, match=r"submission means: its requirements took more than 0\.01 seconds"):
        environment(read_submission(folder))


def test_what_is_no_wheel_is_never_built(write: Write, wheels: Path) -> None:
    (wheels / "made_up-1.0-py3-none-any.whl").unlink()
    (wheels / "made_up-1.0.tar.gz").write_bytes(b"its setup.py would run here")
    folder = write(files={"needs.txt": b"made-up==1.0\n"}, encoder={"requirements": "needs.txt"})
    with pytest.raises(
        InputError, match=r"cannot be installed as wheels: .*No matching distribution found for made-up==1\.0"
    ):
        environment(read_submission(folder))
