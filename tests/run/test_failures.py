"""What a run does when a method does not: the others finish, and what failed counts 0 and is listed."""

import dataclasses
import importlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from cramboard.methods import Made, Request
from cramboard.run import RunFolder
from cramboard.tasks import load_task
from tests.run.commands import cramboard, evaluate, lines, status

FIRST, SECOND, THIRD, FOURTH = (line.id for line in load_task("speeches").select(limit=4))


def cramming_with(monkeypatch: pytest.MonkeyPatch, make: Callable[[Request], list[torch.Tensor]]) -> list[list[str]]:
    """Put `make` in the place of `cram`; returns the batches (sample ids) that it is given."""
    module = importlib.import_module("cramboard.methods.cram")
    batches: list[list[str]] = []

    def making(settings: object, request: Request) -> Made:
        batches.append([assignment.sample for assignment in request.assignments])
        return Made(tuple(make(request)))

    monkeypatch.setattr(module, "METHOD", dataclasses.replace(module.METHOD, make=making))
    return batches


def some_vectors(request: Request) -> list[torch.Tensor]:
    return [torch.full((request.k, request.decoder.d), 0.01 * len(a.sample)) for a in request.assignments]


def failing_at(sample: str, fail: Callable[[], None]) -> Callable[[Request], list[torch.Tensor]]:
    def make(request: Request) -> list[torch.Tensor]:
        if sample in [assignment.sample for assignment in request.assignments]:
            fail()
        return some_vectors(request)

    return make


def broken() -> None:
    raise RuntimeError("the method is broken\nand says so at length")


@pytest.mark.parametrize("batch", [1, 4])
def test_a_method_that_raises_for_one_sample_costs_that_sample_alone(
    short_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    cramming_with(monkeypatch, failing_at(SECOND, broken))
    ended = evaluate(short_folder, tmp_path / "run", "--limit", 4, "--batch-size", batch)
    reason = "RuntimeError: the method is broken"
    assert (ended.code, ended.err) == (1, f"sample {SECOND} failed: {reason}\n")
    assert f"  {SECOND}" in ended.out
    assert "3 of 4" in ended.out
    summary = RunFolder(tmp_path / "run").summary()
    assert [(failure.sample, failure.reason) for failure in summary.failures] == [(SECOND, reason)]
    assert set(lines(tmp_path / "run")) == {FIRST, THIRD, FOURTH}
    told = status(tmp_path / "run")
    assert (told["finished"], told["failed"]) == (3, {SECOND: reason})
    shown = cramboard("status", tmp_path / "run").out
    assert re.search(r"^failed +1$", shown, re.MULTILINE)
    assert f"  {SECOND} {reason}\n" in shown


def test_a_failed_sample_counts_0_in_the_means(
    short_folder: Path, run_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = RunFolder(run_copy).summary().measures["tokens_per_vector"].mean
    cramming_with(monkeypatch, failing_at(FOURTH, broken))
    assert evaluate(short_folder, run_copy, "--limit", 4).code == 1
    summary = RunFolder(run_copy).summary()
    assert summary.samples == 4
    assert summary.measures["tokens_per_vector"].mean == pytest.approx(whole * 3 / 4)


def test_a_failed_sample_is_tried_again_by_the_same_command(
    short_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        cramming_with(patch, failing_at(SECOND, broken))
        assert evaluate(short_folder, tmp_path / "run", "--limit", 3).code == 1
    kept = lines(tmp_path / "run")
    batches = cramming_with(monkeypatch, some_vectors)
    ended = evaluate(short_folder, tmp_path / "run", "--limit", 3)
    assert (ended.code, batches) == (0, [[SECOND]])
    assert lines(tmp_path / "run").items() > kept.items()
    assert RunFolder(tmp_path / "run").summary().failures == ()


def test_a_run_of_failures_alone_has_a_summary_and_no_certificate(
    short_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make(request: Request) -> list[torch.Tensor]:
        raise KeyError

    cramming_with(monkeypatch, make)
    ended = evaluate(short_folder, tmp_path / "run", "--limit", 2, "--json")
    assert (ended.code, json.loads(ended.out)["failures"]) == (
        1, [{"sample": sample, "reason": "KeyError"} for sample in sorted((FIRST, SECOND))]
    )  # fmt: skip
    assert not (tmp_path / "run" / "certificate.json").exists()
    assert status(tmp_path / "run")["finished"] == 0


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda vectors: vectors * float("nan"), "vectors with a NaN or an infinity for sample"),
        (lambda vectors: vectors.double() + 1e300, "vectors with a NaN or an infinity for sample"),
        (lambda vectors: vectors[:1], "vectors [1, 64] for sample"),
        (lambda vectors: vectors[:, :5], "vectors [2, 5] for sample"),
        (lambda vectors: vectors.flatten(), "vectors [128] for sample"),
    ],
    ids=["nan", "overflow", "too few", "too narrow", "flat"],
)
def test_vectors_that_no_certificate_can_hold_are_a_failure(
    short_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    spoil: Callable[[torch.Tensor], torch.Tensor], reason: str,
) -> None:  # fmt: skip
    def make(request: Request) -> list[torch.Tensor]:
        return [
            spoil(vectors) if assignment.sample == FIRST else vectors
            for assignment, vectors in zip(request.assignments, some_vectors(request), strict=True)
        ]

    cramming_with(monkeypatch, make)
    ended = evaluate(short_folder, tmp_path / "run", "--limit", 2, "--batch-size", 2)
    assert ended.code == 1
    assert f"sample {FIRST} failed: ValueError: method cram made {reason} {FIRST}" in ended.err
    assert set(lines(tmp_path / "run")) == {SECOND}


def test_a_method_that_leaves_a_sample_out_fails(
    short_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cramming_with(monkeypatch, lambda request: [])
    ended = evaluate(short_folder, tmp_path / "run", "--limit", 1)
    assert ended.code == 1
    assert f"sample {FIRST} failed: ValueError: " in ended.err


def test_a_batch_that_does_not_fit_the_memory_is_halved_until_it_does(
    short_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make(request: Request) -> list[torch.Tensor]:
        if len(request.assignments) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return some_vectors(request)

    batches = cramming_with(monkeypatch, make)
    ended = evaluate(short_folder, tmp_path / "run", "--limit", 4, "--batch-size", 4)
    assert (ended.code, batches) == (
        0, [[FIRST, SECOND, THIRD, FOURTH], [FIRST, SECOND], [FIRST], [SECOND], [THIRD, FOURTH], [THIRD], [FOURTH]]
    )  # fmt: skip
    assert ended.err == (
        "out of memory with 4 samples at once; going on with half\n"
        + "out of memory with 2 samples at once; going on with half\n" * 2
    )
    assert set(lines(tmp_path / "run")) == {FIRST, SECOND, THIRD, FOURTH}


def test_one_sample_that_does_not_fit_the_memory_is_a_failure(
    short_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large() -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    cramming_with(monkeypatch, failing_at(FIRST, too_large))
    ended = evaluate(short_folder, tmp_path / "run", "--limit", 2)
    assert (ended.code, ended.err) == (
        1, f"sample {FIRST} failed: out of memory on the device with one sample; use a smaller span or k\n"
    )  # fmt: skip


def test_words_of_a_method_reach_the_terminal_as_words(
    short_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raising() -> None:
        raise ValueError("[bold]not markup[/bold] [/]")

    cramming_with(monkeypatch, failing_at(FIRST, raising))
    ended = evaluate(short_folder, tmp_path / "run", "--limit", 1)
    assert ended.err == f"sample {FIRST} failed: ValueError: [bold]not markup[/bold] [/]\n"
    assert "[bold]not markup[/bold] [/]" in ended.out


def test_a_failed_sample_stays_in_the_means_when_fewer_are_asked_for(
    short_folder: Path, run_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cramming_with(monkeypatch, failing_at(FOURTH, broken))
    assert evaluate(short_folder, run_copy, "--limit", 4).code == 1
    before = (run_copy / "summary.json").read_bytes()
    assert evaluate(short_folder, run_copy, "--limit", 1).code == 1
    assert (run_copy / "summary.json").read_bytes() == before
