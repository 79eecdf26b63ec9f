"""What a person sees of a run on a terminal: how many samples are done, and the mean of their horizons so far."""

import io

import pytest
from rich.console import Console
from rich.progress import Progress, TextColumn

from cramboard.cli.progress import LiveDisplay
from tests import records


class Screen:
    """A display, and what it shows."""

    def __init__(self) -> None:
        self.written = io.StringIO()
        self._bar = Progress(TextColumn(""), console=Console(file=self.written, width=200), auto_refresh=False)
        self.display = LiveDisplay(self._bar, self._bar.add_task("", total=None, count="", doing="starting"))

    @property
    def shown(self) -> tuple[str, str, float]:
        """The samples counted, what is being done, and how far the bar is."""
        [task] = self._bar.tasks
        return task.fields["count"], task.fields["doing"], task.completed


@pytest.fixture
def screen() -> Screen:
    return Screen()


def test_samples_are_counted_from_those_that_were_finished_before(screen: Screen) -> None:
    screen.display.planned(4, 1)
    assert screen.shown == ("1/4 samples", "starting", 1.0)
    assert screen.written.getvalue() == "1 of 4 samples are finished already and kept\n"
    for done, (horizon, mean) in enumerate(((10, "10.0"), (30, "20.0")), 2):
        screen.display.verified(records.record("a", horizon=horizon))
        assert screen.shown == (f"{done}/4 samples", f"verifying  mean horizon {mean}", float(done))


def test_the_mean_horizon_holds_what_is_verified_and_what_is_under_way(screen: Screen) -> None:
    screen.display.planned(3, 0)
    screen.display.verified(records.record("a", horizon=10))
    screen.display.progress(["b", "c"], 1, 2, [20, 60])
    assert screen.shown == ("1/3 samples", "step 1/2  mean horizon 30.0", pytest.approx(1 + 0.85))


def test_a_sample_that_failed_is_done_and_told(screen: Screen) -> None:
    screen.display.planned(2, 0)
    screen.display.failed("a", "[red]boom\x1b]0;yours\x07")
    assert screen.shown == ("1/2 samples", "starting", 1.0)
    assert (
        screen.written.getvalue()
        == "sample a failed: [red]boom\N{REPLACEMENT CHARACTER}]0;yours\N{REPLACEMENT CHARACTER}\n"
    )
