"""What isolated code can do and what it cannot, as root and as an ordinary user."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import cramboard
from tests.sandbox import attempts
from tests.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.sandbox

_SYSTEM_PYTHON = Path("/usr/bin/python3")
_NOBODY = 65534
Ends = dict[str, Any]


@pytest.fixture(scope="module", params=["as we are", "as nobody"])
def ends(request: pytest.FixtureRequest) -> Iterator[Ends]:
    """Every attempt's end, for this user and, if that is root, for one who is nobody."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        user: dict[str, Any] = {}
        python = Path(sys.executable)
        if request.param == "as nobody":
            if os.geteuid() != 0:
                pytest.skip("only root can become another user; the other half of these tests ran as an ordinary one")
            if not _new_enough(_SYSTEM_PYTHON):
                pytest.skip("/usr/bin/python3 is not 3.11 or newer, and ours may be out of an ordinary user's reach")
            user, python = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}, _SYSTEM_PYTHON
        clone = Path(cramboard.__file__).parent
        for path in ("__init__.py", "errors.py", "files.py"):
            _copy(clone / path, folder / "cramboard" / path)
        shutil.copytree(clone / "sandbox", folder / "cramboard" / "sandbox")
        _copy(Path(attempts.__file__), folder / "attempts.py")
        (folder / "out").mkdir()
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o777 if path.is_dir() else 0o644)
        with (folder / "locked").open("w") as locked:
            fcntl.flock(locked, fcntl.LOCK_EX)
            done = subprocess.run(
                [python, folder / "attempts.py", folder / "out"],
                capture_output=True, text=True, check=False, cwd="/", **user,
                env={"PYTHONPATH": name, "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
                timeout=3 * PATIENCE_SECONDS,
            )  # fmt: skip
        assert done.returncode == 0, done.stderr
        yield json.loads(done.stdout)


def test_there_is_a_sandbox(ends: Ends) -> None:
    assert ends["available"] is None


def test_files_in_output_come_out(ends: Ends) -> None:
    end = ends["writes a file"]
    assert (end["code"], end["reason"], end["log"]) == (0, None, "hello\n")
    assert end["files"] == {"vectors": b"abc".hex()}


def test_an_exit_code_is_told_and_nothing_comes_out(ends: Ends) -> None:
    end = ends["exits with 3"]
    assert (end["code"], end["reason"], end["files"]) == (3, None, {})


def test_a_failure_is_not_taken_for_too_much_output(ends: Ends) -> None:
    assert (ends["fails with a small output"]["code"], ends["fails with a small output"]["reason"]) == (1, None)


def test_the_root_holds_nothing_of_the_caller(ends: Ends) -> None:
    top, etc, environment, user, processes, host, tmp = json.loads(ends["looks around"]["log"])
    # The interpreter and its libraries lie where the environment lies, wherever that is.
    homes = {Path(prefix).parts[1] for prefix in (sys.base_prefix, sys.prefix)}
    assert set(top) <= {"dev", "etc", "lib", "lib32", "lib64", "output", "proc", "sys", "tmp", "usr"} | homes
    assert etc == ["ld.so.cache"]
    assert set(environment) == {
        "HF_HUB_OFFLINE", "HOME", "LANG", "LD_LIBRARY_PATH", "PATH", "PWD", "TMPDIR", "USER",
    }  # fmt: skip
    assert (user, sorted(processes), host) == (_NOBODY, ["1", "2"], "sandbox")
    assert tmp in ([], [Path(sys.prefix).parts[2]])


def test_nothing_but_its_own_folders_can_be_written(ends: Ends) -> None:
    own = {"/tmp", "/dev/shm", "/output"}
    assert _writable(ends["lists what it may write"]["log"]) == own
    assert _writable(ends["lists what it may write, with a GPU"]["log"]) == own | {"/proc"}


def _writable(log: str) -> set[str]:
    devices = {f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom", "tty", "pts")}
    return {path for path in set(log.split()) - devices if not path.endswith("-packages") and "nvidia" not in path}


def test_nothing_of_the_kernels_can_be_written(ends: Ends) -> None:
    for attempt in (
        "looks for what of the kernel's it may write",
        "looks for what of the kernel's it may write, with a GPU",
    ):
        assert ends[attempt]["log"] == "seen True\n"


def test_locks_outside_cannot_be_seen(ends: Ends) -> None:
    assert ends["looks for locks outside"]["log"] == ends["looks for locks outside, with a GPU"]["log"] == ""


def test_what_cuda_needs_is_there_with_a_gpu_alone(ends: Ends) -> None:
    assert "Read-only file system" in ends["names itself"]["log"]
    assert "Operation not permitted" in ends["holds memory outside all folders"]["log"]
    assert ends["names itself, with a GPU"]["log"] == "named\n"
    assert ends["holds memory outside all folders, with a GPU"]["log"] == "held\n"


def test_it_has_no_rights(ends: Ends) -> None:
    lines = dict(line.partition(":")[::2] for line in ends["lists its rights"]["log"].splitlines())
    assert all(int(lines[f"Cap{kind}"], 16) == 0 for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb"))
    assert (lines["NoNewPrivs"].strip(), lines["Seccomp"].strip()) == ("1", "2")


@pytest.mark.parametrize(
    ("attempt", "said"),
    [
        ("opens a socket", "Network is unreachable"),
        ("opens a vsock", "Network is unreachable"),
        ("changes the kernel", "Read-only file system"),
        ("changes the kernel, with a GPU", "Read-only file system"),
        ("writes its keeper's memory", "Read-only file system"),
        ("writes its keeper's memory, with a GPU", "No such file or directory"),
        ("writes outside", "Read-only file system"),
        ("kills everything", "No such process"),
        ("fills /tmp", "No space left on device"),
    ],
)
def test_what_is_forbidden_is_refused(ends: Ends, attempt: str, said: str) -> None:
    assert ends[attempt]["code"] == 1
    assert said in ends[attempt]["log"] or "Permission denied" in ends[attempt]["log"]


def test_local_sockets_work(ends: Ends) -> None:
    assert ends["talks to itself"]["log"] == "b'x'\n"


def test_filtered_calls_are_not_permitted(ends: Ends) -> None:
    assert ends["calls what is filtered"]["log"] == "-1 1\n" * 4
    assert ends["calls what is filtered, with a GPU"]["log"] == "-1 1\n" * 4
    assert ends["makes a namespace"]["log"] == "-1\n"


@pytest.mark.parametrize(
    ("attempt", "reason"),
    [
        ("forks for ever", "started more than 32 processes and threads"),
        ("starts 32 threads", "started more than 32 processes and threads"),
        ("fills memory in children", "used more than 300 MB of memory"),
        ("fills /output", "wrote more than 1 MB to /output"),
        ("fills /output with holes", "wrote more than 1 MB to /output"),
        ("sleeps", "took longer than 0.5 s"),
        ("sleeps in silence", "took longer than 0.5 s"),
        ("prints for ever", "took longer than 0.5 s"),
        ("leaves a link", "left 'vectors' in /output, which is no file with a plain name"),
        ("leaves a folder", "left 'vectors' in /output, which is no file with a plain name"),
        ("leaves a pipe", "left 'vectors' in /output, which is no file with a plain name"),
        ("leaves an odd name", "left 'a b' in /output, which is no file with a plain name"),
        ("leaves many files", "left more than 64 files in /output"),
    ],
)
def test_every_limit_ends_it_with_a_line_for_its_author(ends: Ends, attempt: str, reason: str) -> None:
    assert ends[attempt]["reason"] == reason
    assert ends[attempt]["files"] == {}
    assert ends[attempt]["seconds"] < attempts.LIMITS.seconds


def test_memory_of_one_process_is_limited(ends: Ends) -> None:
    end = ends["fills memory"]
    assert end["reason"] == "used more than 300 MB of memory" or end["log"].endswith("MemoryError\n")


def test_limits_that_fit_nothing_end_it_before_it_begins(ends: Ends) -> None:
    assert ends["has no memory to begin with"]["code"] > 128


def test_what_is_allowed_is_no_fault(ends: Ends) -> None:
    assert (ends["starts 31 threads"]["code"], ends["starts 31 threads"]["reason"]) == (0, None)


def test_its_last_child_ends_with_it(ends: Ends) -> None:
    # The child would go on beyond the time limit.
    assert (ends["leaves a child behind"]["code"], ends["leaves a child behind"]["reason"]) == (0, None)


def test_the_log_is_bounded_and_printable(ends: Ends) -> None:
    assert len(ends["prints for ever"]["log"]) <= 16_384
    assert ends["prints control characters"]["log"] == "\\x1b[31mred\\u202e\\x00\n"


def test_it_is_said_what_held(ends: Ends) -> None:
    held = {end["held_by"] for name, end in ends.items() if name != "available"}
    assert len(held) == 1
    assert held <= {"cgroup v1", "cgroup v2", "resource limits"}


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    shutil.copyfile(source, target)


def _new_enough(python: Path) -> bool:
    if not python.exists():
        return False
    code = "import sys; sys.exit(sys.version_info < (3, 11))"
    return subprocess.run([python, "-c", code], check=False).returncode == 0
