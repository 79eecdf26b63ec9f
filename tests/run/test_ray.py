"""Units on a Ray cluster of two CPU workers: the same results, and what is lost is made elsewhere."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from cramboard.errors import MachineError
from cramboard.run import RunFolder
from cramboard.run.executors.ray import RAY_VARIABLES
from cramboard.tasks import load_task
from tests.reliability.drivers import PLUGIN
from tests.run.commands import Ended, contents, evaluate, lines

FIRST, SECOND, THIRD, FOURTH = (line.id for line in load_task("speeches").select(limit=4))
RAY = ("--executor", "ray", "--workers", 2)

pytestmark = [
    # Ray warns of what it will do with a GPU setting that no worker here has.
    pytest.mark.filterwarnings("ignore:Tip. In future versions of Ray:FutureWarning"),
]


@dataclass(frozen=True)
class Cluster:
    """A Ray cluster that was there before; `place` is where its workers meet the accidents that are laid out."""

    address: str
    place: Path

    def lay_out(self, kind: str, sample: str) -> None:
        """Lay out an accident for whoever is asked for `sample`."""
        (self.place / f"{kind}-{sample}").touch()

    def laid_out(self, kind: str, sample: str) -> bool:
        """Say whether an accident still waits for whoever is asked for `sample`."""
        return (self.place / f"{kind}-{sample}").exists()

    def made(self) -> list[str]:
        """Return the samples that the method was asked for, in order."""
        path = self.place / "made"
        return [line.split()[0] for line in path.read_text().splitlines()] if path.exists() else []

    def workers(self) -> set[str]:
        """Return the process numbers of the workers that were asked."""
        return {line.split()[1] for line in (self.place / "made").read_text().splitlines()}

    def tally(self, decoder: Path, folder: Path, *words: object) -> Ended:
        """Type a quick `cramboard evaluate` on the cluster with the method that meets accidents."""
        return evaluate(decoder, folder, "-m", "tally", *RAY, "--address", self.address, *words)


class Unreadable:
    """What cannot be unpacked on a worker, as a submission where the disk is full."""

    def __reduce__(self) -> tuple[Callable[[], None], tuple[()]]:
        return _no_space, ()


def _no_space() -> None:
    raise MachineError("no space for a submission here")


def said(ended: Ended) -> list[str]:
    """Return the lines of stderr, without what a slow machine adds."""
    return [line for line in ended.err.splitlines() if not line.startswith("no worker has been ready")]


@pytest.fixture(scope="module")
def started(common_cache: Path, one_thread: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A running cluster with room for two workers; Ray's processes go when the module is done."""
    from ray.cluster_utils import Cluster as RayCluster

    place = tmp_path_factory.mktemp("tally")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRAMBOARD_CACHE", str(common_cache))
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.setenv("PYTHONPATH", os.pathsep.join([str(PLUGIN), str(Path.cwd()), os.environ.get("PYTHONPATH", "")]))
        for name, value in RAY_VARIABLES.items():
            patch.setenv(name, value)
        patch.setenv("TALLY", str(place))
        cluster = RayCluster(initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False})
    yield Cluster(cluster.address, place)
    cluster.shutdown()


@pytest.fixture
def cluster(started: Cluster, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """The cluster, nothing laid out."""
    import cramboard.methods

    monkeypatch.setattr(cramboard.methods, "__path__", [*cramboard.methods.__path__, str(PLUGIN / "methods")])
    monkeypatch.setenv("TALLY", str(started.place))
    for left in started.place.iterdir():
        left.unlink()
    return started


def test_the_results_are_those_of_one_process(cluster: Cluster, short_folder: Path, tmp_path: Path) -> None:
    assert evaluate(short_folder, tmp_path / "inline", "-m", "tally", "--limit", 5).code == 0
    [here] = cluster.workers()
    ended = cluster.tally(short_folder, tmp_path / "ray", "--limit", 5)
    assert (ended.code, said(ended)) == (0, [])
    for name in ("summary.json", "samples.jsonl", "certificate.json", "vectors.safetensors"):
        assert (tmp_path / "ray" / name).read_bytes() == (tmp_path / "inline" / name).read_bytes()
    assert "ray" not in RunFolder(tmp_path / "ray").run().command
    assert len(cluster.made()) == 10
    assert cluster.workers() != {here}


def test_a_unit_whose_worker_is_killed_is_made_on_another(cluster: Cluster, short_folder: Path, tmp_path: Path) -> None:
    cluster.lay_out("kill", SECOND)
    ended = cluster.tally(short_folder, tmp_path / "run", "--limit", 4)
    assert (ended.code, said(ended)) == (0, [f"sample {SECOND}: its worker was lost; trying again on another"])
    assert sorted(cluster.made()) == sorted([FIRST, SECOND, SECOND, THIRD, FOURTH])
    assert len(lines(tmp_path / "run")) == 4


def test_a_unit_that_takes_too_long_is_made_on_another(
    cluster: Cluster, short_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.lay_out("hang", FIRST)

    def monotonic() -> float:
        """The time, and an hour more once a worker hangs: nothing else takes long, on no machine."""
        return time.monotonic() + (0 if cluster.laid_out("hang", FIRST) else 3600)

    monkeypatch.setattr("cramboard.run.executors.crew.time", SimpleNamespace(monotonic=monotonic))
    ended = cluster.tally(short_folder, tmp_path / "run", "--limit", 1, "--unit-timeout", 3600)
    assert ended.code == 0
    assert f"sample {FIRST}: it took longer than 3600 seconds; trying again on another\n" in ended.err
    assert (cluster.made(), len(cluster.workers())) == ([FIRST, FIRST], 2)
    assert len(lines(tmp_path / "run")) == 1


def test_a_sample_that_ends_its_workers_takes_none_of_many_brief_units_with_it(
    cluster: Cluster, short_folder: Path, tmp_path: Path
) -> None:
    samples = [line.id for line in load_task("speeches").select(limit=16)]
    cluster.lay_out("die", samples[8])
    ended = cluster.tally(short_folder, tmp_path / "run", "--limit", 16)
    assert ended.code == 1
    [failure] = RunFolder(tmp_path / "run").summary().failures
    assert (failure.sample, failure.reason) == (samples[8], "its worker was lost, 3 times")
    assert set(lines(tmp_path / "run")) == {*samples} - {samples[8]}
    # The first time is not counted if a unit before or behind it may have been the one.
    assert cluster.made().count(samples[8]) in (3, 4)


def test_what_is_measured_again_is_measured_by_a_worker(
    cluster: Cluster, short_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measuring(*_: object) -> None:
        raise AssertionError("the driver measures")

    monkeypatch.setattr("cramboard.run.renew.verify", measuring)
    assert cluster.tally(short_folder, tmp_path / "run", "--limit", 2).code == 0
    before, path = contents(tmp_path / "run"), tmp_path / "run" / "samples.jsonl"
    path.write_bytes(before["samples.jsonl"][:-20])
    ended = cluster.tally(short_folder, tmp_path / "run", "--limit", 2)
    assert (ended.code, "measuring again what the torn lines said" in ended.err) == (0, True)
    assert contents(tmp_path / "run") == before
    assert len(cluster.made()) == 2


def test_what_always_fails_is_recorded_and_the_rest_goes_on(
    cluster: Cluster, short_folder: Path, tmp_path: Path
) -> None:
    cluster.lay_out("fail", SECOND)
    cluster.lay_out("die", THIRD)
    ended = cluster.tally(short_folder, tmp_path / "run", "--limit", 4, "--batch-size", 2)
    assert ended.code == 1
    summary = RunFolder(tmp_path / "run").summary()
    assert {failure.sample: failure.reason for failure in summary.failures} == {
        SECOND: "RuntimeError: laid out to fail", THIRD: "its worker was lost, 3 times"
    }  # fmt: skip
    assert set(lines(tmp_path / "run")) == {FIRST, FOURTH}


def test_units_that_do_not_fit_the_memory_are_halved_as_in_one_process(
    cluster: Cluster, short_folder: Path, tmp_path: Path
) -> None:
    cluster.lay_out("large", THIRD)
    ended = cluster.tally(short_folder, tmp_path / "run", "--limit", 4, "--batch-size", 4)
    halved = [f"out of memory with {count} samples at once; going on with half" for count in (4, 2)]
    assert (ended.code, said(ended)) == (0, halved)
    assert len(lines(tmp_path / "run")) == 4


def test_a_run_that_does_not_reach_its_workers_stops_with_the_reason(
    cluster: Cluster, short_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cramboard.run.executors.ray.run_recipe", lambda context: Unreadable())
    ended = cluster.tally(short_folder, tmp_path / "run", "--limit", 2)
    ended.refused(4, "no space for a submission here")
    assert cluster.made() == []


def test_an_address_that_nobody_answers_at_is_refused(tiny_folder: Path, tmp_path: Path) -> None:
    for address in ("127.0.0.1:1", "ray://127.0.0.1:1", "127.0.0.1:99999", "[::1]:1"):
        ended = evaluate(tiny_folder, tmp_path / "run", *RAY, "--address", address, "--limit", 1)
        ended.refused(4, f"no Ray cluster at {address}")
        assert "not known" not in ended.err  # the address was understood, brackets and all


def test_words_of_ray_alone_are_refused_without_it(tiny_folder: Path, tmp_path: Path) -> None:
    for words in (("--address", "auto"), ("--workers", 2), ("--gpus-per-worker", 0.5), ("--unit-timeout", 1)):
        evaluate(tiny_folder, tmp_path / "run", *words).refused(2, f"{words[0]} goes with --executor ray")
    evaluate(tiny_folder, tmp_path / "run", *RAY, "--device", "cuda:1").refused(2, "Ray chooses the GPU")


def test_without_ray_the_line_says_what_to_install(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    ended = evaluate(tiny_folder, tmp_path / "run", *RAY)
    ended.refused(4, "pip install 'cramboard[ray]'")
