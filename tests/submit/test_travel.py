"""A submission's method goes to another machine with its files, as the Ray executor sends it."""

import shutil
from pathlib import Path

import pytest
from ray import cloudpickle

from cramboard import submission as submissions
from cramboard.errors import InputError, SubmissionError
from cramboard.methods.submitted import choose_submission
from cramboard.submission import read_submission
from cramboard.unsandboxed import run_unsandboxed
from tests.submit.conftest import Write


def test_a_method_finds_its_files_where_its_folder_is_not(write: Write, own_cache: Path) -> None:
    folder = write()
    (folder / "parts").mkdir()
    (folder / "parts" / "table.txt").write_text("kept")
    method = choose_submission(read_submission(folder), "speeches", "short", 2, run_unsandboxed, "none")
    travelling = cloudpickle.dumps(method)
    shutil.rmtree(folder)
    arrived, again = cloudpickle.loads(travelling), cloudpickle.loads(travelling)
    assert (arrived.ref, again.ref) == (method.ref, method.ref)
    [unpacked] = own_cache.glob(f"submissions/*/{folder.name}")
    assert (unpacked / "parts" / "table.txt").read_text() == "kept"
    assert read_submission(unpacked).code_sha256() == method.settings.code


def test_files_that_are_too_many_to_travel_are_refused_in_a_line(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submissions, "_TRAVELS_BYTES", 100)
    with pytest.raises(InputError, match="pin its weights on the Hub"):
        cloudpickle.dumps(read_submission(write()))


def test_no_link_travels(write: Write, tmp_path: Path) -> None:
    """On the other machine it would be a plain file."""
    folder = write()
    (tmp_path / "outside").write_text("of the machine that evaluates it")
    (folder / "README.md").symlink_to(tmp_path / "outside")
    with pytest.raises(SubmissionError, match=r"README\.md: a link; put the file itself there"):
        cloudpickle.dumps(read_submission(folder))
