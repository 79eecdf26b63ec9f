"""What a person asked for, as typed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cramboard.home import typed_path
from cramboard.schema import Split

Overwrite = Literal["never", "missing", "always"]


@dataclass(frozen=True)
class Asked:
    """What a person asked for, as typed; `plan` checks it."""

    task: str
    decoder: str
    method: str
    revision: str | None = None
    preset: str | None = None
    settings: tuple[tuple[str, str], ...] = ()
    k: int = 1
    span: int | None = None
    seed: int = 0
    split: Split = "public"
    sealed: Path | None = None
    limit: int | None = None
    sample_ids: tuple[str, ...] = ()
    device: str = "auto"
    dtype: str = "auto"
    batch_size: str = "auto"
    attention: str = "sdpa"
    unsandboxed: bool = False
    output_dir: Path | None = None
    overwrite: Overwrite = "missing"

    @property
    def submission(self) -> Path | None:
        """The folder of the submission that the method is, None for a built-in one."""
        return typed_path(self.method).absolute() if "/" in self.method else None

    def words(self, decoder: str) -> list[str]:
        """Return the command's words, without those that say where it runs, reads or writes.

        Args:
            decoder: What to call the decoder; a local one's path belongs to one machine.
        """
        method = f"submissions/{self.submission.name}" if self.submission else self.method
        words = ["evaluate", "-t", self.task, "-d", decoder, "-m", method, "-k", str(self.k)]
        for flag, value in (
            ("--revision", self.revision),
            ("--preset", self.preset),
            *(("--set", f"{name}={value}") for name, value in self.settings),
            ("--span", self.span),
            ("--seed", self.seed or None),
            ("--split", self.split if self.split == "tuning" else None),
            ("--sealed", self.sealed.name if self.sealed is not None else None),
            ("--limit", self.limit),
            ("--dtype", self.dtype if self.dtype != "auto" else None),
            ("--batch-size", self.batch_size if self.batch_size != "auto" else None),
            ("--attention", self.attention if self.attention != "sdpa" else None),
            *(("--sample-id", name) for name in self.sample_ids),
        ):
            if value is not None:
                words += [flag, str(value)]
        return [*words, "--unsandboxed"] if self.unsandboxed else words
