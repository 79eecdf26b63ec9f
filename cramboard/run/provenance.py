"""With what a run was made: software, hardware, and the command that says it again."""

import os
import platform
import re
import shlex
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import torch

from cramboard import __version__
from cramboard.run.execute import device_name
from cramboard.schema import Provenance

_PACKAGES = ("torch", "transformers", "tokenizers", "safetensors", "numpy")


def provenance(device: torch.device, dtype: torch.dtype, attention: str) -> Provenance:
    """Collect the facts; none of them names a person, a host or a path."""
    return Provenance(
        cramboard=__version__,
        commit=_commit(),
        python=platform.python_version(),
        packages={name: version(name) for name in _PACKAGES},
        platform=f"{platform.system()} {platform.machine()}",
        processor=_processor(),
        threads=torch.get_num_threads(),
        device=device_name(device),
        driver=_driver() if device.type == "cuda" else None,
        search_dtype=str(dtype).removeprefix("torch."),
        attention=attention,
    )


def command_line(words: list[str]) -> str:
    """Return a command as a person would type it."""
    return shlex.join(["cramboard", *words])


def _commit() -> str | None:
    """The clone's commit, marked when files differ from it; None outside a clone."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return None
    git = ["git", "-C", str(root)]
    try:
        commit = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True, timeout=60)
        changed = subprocess.run(
            [*git, "status", "--porcelain", "--untracked-files=no"],
            capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return commit.stdout.strip() + (" with changes" if changed.stdout.strip() else "")


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        found = re.search(r"^model name\s*:\s*(.+)$", cpuinfo.read_text(), re.MULTILINE)
        if found:
            return f"{found[1].strip()}, {os.cpu_count()} cores"
    return f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores"


def _driver() -> str | None:
    path = Path("/proc/driver/nvidia/version")
    if sys.platform != "linux" or not path.exists():
        return None
    found = re.search(r"(\d+\.\d+(?:\.\d+)?)", path.read_text())
    return found[1] if found else None
