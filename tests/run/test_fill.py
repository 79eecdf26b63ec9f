"""Filling the board: every cell of a matrix by the ordinary way, in one process, within a time, and never twice."""

import runpy
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from cramboard.decoders import decoder_names
from cramboard.errors import InputError, MachineError
from cramboard.methods import method_names
from cramboard.run import Asked, Ended, execute, fill, plan_all
from cramboard.run.executors import attempt
from cramboard.schema import Matrix, from_yaml_file
from cramboard.tasks import task_names
from tests.run.commands import contents, evaluate

ROOT = Path(__file__).parents[2]
MODULE = sys.modules["cramboard.run.fill"]
SETTINGS = (("steps", "30"), ("span", "8"))


def matrix(**runs: Any) -> Matrix:
    """A plan with one group of runs, two samples each."""
    given = {
        "title": "Made up", "decoders": ["short"], "tasks": ["speeches"], "method": "cram", "presets": ["quick"],
        "limit": 2, "batch": 1, "seconds": 1.0,
    }  # fmt: skip
    return Matrix.parse({"runs": [given | runs]}, "plan")


@pytest.fixture(autouse=True)
def short_runs(short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the plan's decoder be the tiny one, and cramming short; returns the decoders that are loaded."""
    loaded: list[str] = []
    load = MODULE.load

    def planned(asked: Asked) -> Any:
        settings = SETTINGS if asked.method == "cram" else ()
        return plan_all(replace(asked, decoder=str(short_folder), settings=settings))

    def counted(plan: Any, observer: Any, executor: Any, held: Any) -> Any:
        if held is None:
            loaded.append(plan.place.name)
        return load(plan, observer, executor, held)

    monkeypatch.setattr(MODULE, "plan_all", planned)
    monkeypatch.setattr(MODULE, "load", counted)
    return loaded


def filled(plan: Matrix, runs: Path, stop_after: float = 1e9, **given: Any) -> list[Ended]:
    return list(fill(plan.cells(), runs, "cpu", stop_after, **given))


def test_every_cell_is_the_run_that_the_command_makes(
    short_folder: Path, short_runs: list[str], tmp_path: Path
) -> None:
    plan = matrix(tasks=["speeches", "random-words"], seeds=[0, 1])
    ended = filled(plan, tmp_path / "runs")
    assert [one.end for one in ended] == ["done"] * 4
    assert "2 samples, making " in ended[0].words
    # One decoder serves them all.
    assert short_runs == ["short"]
    typed = evaluate(short_folder, tmp_path / "typed", "-k", 1, "--limit", 2, "--seed", 1)
    assert (typed.code, typed.err) == (0, "")
    made = contents(tmp_path / "runs/speeches/short/cram-quick/k1-seed1-first2")
    for name in ("samples.jsonl", "summary.json", "certificate.json", "vectors.safetensors"):
        assert made[name] == contents(tmp_path / "typed")[name], name


def test_what_is_finished_is_kept_and_nothing_is_loaded(short_runs: list[str], tmp_path: Path) -> None:
    filled(matrix(), tmp_path)
    before = contents(tmp_path)
    assert [one.end for one in filled(matrix(), tmp_path)] == ["kept"]
    assert contents(tmp_path) == before
    assert short_runs == ["short"]


def test_a_method_that_is_not_there_is_skipped_with_the_reason_and_the_others_go_on(tmp_path: Path) -> None:
    plan = Matrix(runs=(*matrix(method="nothing", presets=[]).runs, *matrix().runs))
    first, second = filled(plan, tmp_path)
    assert (first.end, second.end) == ("skipped", "done")
    assert "unknown method 'nothing'" in first.words


def test_an_encoder_without_a_sandbox_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cramboard.sandbox.available", lambda: "no bubblewrap")
    (ended,) = filled(matrix(method="submissions/last-tokens", presets=[], spans=[1]), tmp_path)
    assert (ended.end, "no bubblewrap" in ended.words) == ("skipped", True)
    asked = MODULE.asked_of(matrix(method="submissions/last-tokens", presets=[]).cells()[0], tmp_path, "cpu")
    assert not asked.unsandboxed
    assert Path(asked.method) == ROOT / "submissions" / "last-tokens"


def test_samples_that_fail_are_told_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(unit: Any, context: Any, observer: Any) -> Any:
        raise InputError("no vectors today")

    plan = matrix(seeds=[0, 1])
    with monkeypatch.context() as patch:
        patch.setattr(attempt, "execute", broken)
        ended = filled(plan, tmp_path)
    assert [one.end for one in ended] == ["failed", "failed"]
    assert "2 samples failed" in ended[0].words
    assert "no vectors today" in ended[0].words
    assert [one.end for one in filled(plan, tmp_path)] == ["done", "done"]


def test_a_cell_that_breaks_does_not_stop_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluate_all = MODULE.evaluate_all

    def breaks(plans: Any, *given: Any, **named: Any) -> Any:
        if plans[0].asked.seed == 0:
            raise ZeroDivisionError("by zero")
        return evaluate_all(plans, *given, **named)

    monkeypatch.setattr(MODULE, "evaluate_all", breaks)
    first, second = filled(matrix(seeds=[0, 1]), tmp_path)
    assert (first.end, first.words) == ("failed", "ZeroDivisionError: by zero")
    assert second.end == "done"


def ticking(monkeypatch: pytest.MonkeyPatch, seconds: float) -> Callable[[], float]:
    """A clock that moves on by `seconds` with every unit that is executed."""
    now = [0.0]

    def executed(*given: Any) -> Any:
        now[0] += seconds
        return execute.execute(*given)

    monkeypatch.setattr(attempt, "execute", executed)
    return lambda: now[0]


def test_it_stops_between_units_before_the_time_is_up_and_goes_on_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = filled(matrix(limit=3), tmp_path / "whole")
    clock = ticking(monkeypatch, 10)
    # The first unit is expected to take a second and takes ten; so will the second, which does not fit.
    (ended,) = filled(matrix(limit=3), tmp_path / "parts", stop_after=20, clock=clock)
    assert (ended.end, clock()) == ("no time", 10)
    assert "12 s more are needed, 10 s are left" in ended.words
    assert len(list((tmp_path / "parts").glob("**/units/*/samples.jsonl"))) == 1
    (ended,) = filled(matrix(limit=3), tmp_path / "parts", clock=clock)
    assert (ended.end, clock()) == ("done", 30)
    assert ended.outcomes[0].records == whole[0].outcomes[0].records


def test_samples_that_fail_take_time_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]

    def slow_and_broken(*given: Any) -> Any:
        now[0] += 10
        raise InputError("no vectors today")

    monkeypatch.setattr(attempt, "execute", slow_and_broken)
    (ended,) = filled(matrix(limit=5, seconds=8), tmp_path, stop_after=25, clock=lambda: now[0])
    assert (ended.end, now) == ("no time", [20])


def test_nothing_is_loaded_when_the_time_is_up(short_runs: list[str], tmp_path: Path) -> None:
    assert [one.end for one in filled(matrix(seeds=[0, 1]), tmp_path, stop_after=0)] == ["no time"] * 2
    assert short_runs == []


def test_a_short_span_tells_nothing_of_a_long_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = ticking(monkeypatch, 1)
    ended = filled(matrix(spans=[2, 8], seconds=30), tmp_path, stop_after=80, clock=clock)
    # Measured at 2 tokens a sample takes a second, which two of 8 tokens are not taken to do.
    assert [one.end for one in ended] == ["done", "done"]
    assert clock() == 4
    ended = filled(matrix(spans=[3, 9], seconds=30), tmp_path, stop_after=36, clock=clock)
    assert [one.end for one in ended] == ["done", "no time"]


def test_a_smaller_cell_may_still_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Matrix(runs=(*matrix(batch=2, seconds=50).runs, *matrix(limit=1, k=2, seconds=5).runs))
    ended = filled(plan, tmp_path, stop_after=20, clock=ticking(monkeypatch, 5))
    assert [one.end for one in ended] == ["no time", "done"]


def test_a_device_that_no_longer_answers_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(device: str) -> None:
        raise RuntimeError("CUDA error: an illegal memory access\nmore")

    monkeypatch.setattr(MODULE.torch.cuda, "synchronize", dead)
    monkeypatch.setattr(MODULE, "plan_all", lambda asked: (_ for _ in ()).throw(InputError("not now")))
    ends: Iterator[Ended] = fill(matrix().cells(), tmp_path, "cuda", 100)
    assert next(ends).end == "skipped"
    with pytest.raises(MachineError, match=r"no longer answers \(CUDA error: an illegal memory access\);"):
        next(ends)


def test_the_committed_plan_names_what_there_is() -> None:
    plan = from_yaml_file(Matrix, ROOT / "leaderboard" / "matrix.yaml", "plan")
    cells = plan.cells()
    assert {cell.decoder for cell in cells} <= set(decoder_names())
    assert {cell.task for cell in cells} <= set(task_names())
    assert cells[0].name == "novels/smollm2-135m-instruct-q4_1/cram-standard/k1"
    first = [cell for cell in cells if (cell.method, cell.preset, cell.k, cell.seed) == ("cram", "standard", 1, 0)]
    assert len(first) == 10
    assert first == cells[:10]
    for cell in cells:
        if cell.method in method_names() or cell.method.startswith("submissions/"):
            asked = MODULE.asked_of(cell, Path("nowhere"), "cpu")
            assert plan_all(replace(asked, limit=1, sample_ids=()))[0].method.preset in (cell.preset, None)


@pytest.mark.parametrize(
    ("change", "saying"),
    [
        ({"seeds": [0, 0]}, "is planned twice"),
        ({"method": "../cram"}, "field runs.0.method: expected text of the form"),
        ({"k": 0}, "field runs.0.k: expected 1 or more"),
        ({"unsandboxed": True}, "unknown field"),
        ({"method": "submissions/last-tokens"}, "a submission has no presets"),
        ({"steps": 5}, "unknown field"),
    ],
)
def test_a_plan_that_cannot_be_meant_is_refused(change: dict[str, Any], saying: str) -> None:
    with pytest.raises(InputError, match=saying):
        matrix(**change)


def script(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    monkeypatch.setattr(sys, "argv", ["fill_board.py", *map(str, words)])
    main = runpy.run_path(str(ROOT / "scripts" / "fill_board.py"))["main"]
    code: int = main()
    return code


@pytest.fixture
def plan_file(tmp_path: Path) -> Path:
    path = tmp_path / "plan.yaml"
    path.write_text(yaml.safe_dump(matrix(seeds=[0, 1]).model_dump(mode="json")))
    return path


def test_the_script_prints_a_line_a_cell_and_keeps_them(
    plan_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (plan_file, "--runs", tmp_path / "runs", "--device", "cpu")
    assert script(monkeypatch, *words, "--dry-run") == 0
    said = capsys.readouterr().out.splitlines()
    assert said[1] == "   2  speeches/short/cram-quick/k1-seed1-first2: 2 samples, about 2 s; 0:00:04 so far"
    assert not (tmp_path / "runs").exists()
    assert script(monkeypatch, *words, "--only", "*seed1*") == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("done     speeches/short/cram-quick/k1-seed1-first2: 2 samples, making ")
    assert said[1] == "done: 1"
    assert (tmp_path / "runs/fill_board.log").read_text().splitlines() == said[:1]
    assert script(monkeypatch, *words, "--stop-after", 0) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "no time: 1; kept: 1"


def test_the_script_refuses_in_one_line(
    plan_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script(monkeypatch, plan_file, "--runs", tmp_path / "r", "--only", "nothing") == 2
    assert script(monkeypatch, tmp_path / "none.yaml", "--runs", tmp_path / "r") == 3
    plan_file.write_text(plan_file.read_text().replace("seeds", "seed"))
    assert script(monkeypatch, plan_file, "--runs", tmp_path / "r") == 3
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 3)
