"""A caller with many open files, as the worker of a cluster has."""

import contextlib
import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cramboard.sandbox import Command, Limits, run_isolated

# The first descriptor that the system call `select` cannot be asked about.
FIRST_BEYOND = 1024


@pytest.fixture
def crowd() -> Iterator[None]:
    """Let this process have more open files than `select` has room for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= hard < FIRST_BEYOND + 100:
        pytest.skip(f"no process may have more than {hard} open files here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, FIRST_BEYOND + 100), hard))
    with contextlib.ExitStack() as stack:
        opened = -1
        while opened < FIRST_BEYOND:
            opened = os.open(os.devnull, os.O_RDONLY)
            stack.callback(os.close, opened)
        yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.sandbox
def test_a_caller_may_have_many_open_files(crowd: None, tmp_path: Path) -> None:
    limits = Limits(seconds=60, memory_bytes=10**9, processes=16, output_bytes=4096)
    ended = run_isolated(Command([sys.executable, "-c", "print('here')"], {}, tmp_path / "output", limits))
    assert (ended.code, ended.reason, ended.log) == (0, None, "here\n")
