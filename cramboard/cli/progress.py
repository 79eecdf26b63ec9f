"""The live display of a run on a terminal; off a terminal only notices and failures are written."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from cramboard.cli.output import printable
from cramboard.run import Observer
from cramboard.schema import SampleRecord

# A sample's part of the bar while it is made; the rest fills when it is verified.
_MAKING = 0.85


class LiveDisplay(Observer):
    """Draws samples done, steps, mean horizon so far and time left."""

    def __init__(self, bar: Progress, task: TaskID) -> None:
        self._bar, self._task = bar, task
        self._done = self._verified = self._tokens = 0

    def stage(self, text: str) -> None:
        """Show what is being done."""
        self._bar.update(self._task, doing=escape(text))

    def planned(self, samples: int, finished: int) -> None:
        """Set the bar's length."""
        self._done = finished
        self._bar.update(self._task, total=samples, completed=finished)
        self._count()
        if finished:
            self.notice(f"{finished} of {samples} samples are finished already and kept")

    def progress(self, samples: Sequence[str], step: int, steps: int, horizons: Sequence[int]) -> None:
        """Show steps and the mean horizon of the samples under way."""
        text = f"step {step:,}/{steps:,}"
        if horizons:
            text += f"  mean horizon {(self._tokens + sum(horizons)) / (self._verified + len(horizons)):.1f}"
        self._bar.update(self._task, completed=self._done + _MAKING * len(samples) * step / steps, doing=text)

    def verified(self, record: SampleRecord) -> None:
        """Count a sample."""
        self._tokens += record.horizon
        self._verified += 1
        self._done += 1
        mean = self._tokens / self._verified
        self._bar.update(self._task, completed=self._done, doing=f"verifying  mean horizon {mean:.1f}")
        self._count()

    def failed(self, sample: str, reason: str) -> None:
        """Say so at once, above the bar."""
        self._done += 1
        self._bar.update(self._task, completed=self._done)
        self._count()
        self.notice(f"sample {sample} failed: {reason}")

    def notice(self, text: str) -> None:
        """Write a line above the bar; a reason may be what a stranger's code says."""
        self._bar.console.print(escape(printable(text)), highlight=False, soft_wrap=True)

    def _count(self) -> None:
        total = self._bar.tasks[self._task].total or 0
        self._bar.update(self._task, count=f"{self._done}/{total:.0f} samples")


@contextmanager
def watching() -> Iterator[Observer]:
    """Give an observer that draws on stderr when it is a terminal."""
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.fields[count]}"),
        BarColumn(bar_width=28),
        TextColumn("{task.fields[doing]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with bar:
        yield LiveDisplay(bar, bar.add_task("", total=None, count="", doing="starting"))
