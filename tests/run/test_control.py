"""The constant controls that are shipped: found by name, fitted for their k, and checked on public samples."""

import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from cramboard.decoders import decoder_names, find_decoder, load_decoder
from cramboard.files import data_folder
from cramboard.methods import choose_method
from cramboard.run.control import control_vectors, read_control, shipped_control, shipped_path, write_control
from cramboard.run.observer import Observer
from cramboard.tasks import load_task, read_spec, task_folder, task_names

SCRIPT = runpy.run_path(str(Path(__file__).parents[2] / "scripts" / "fit_controls.py"))


def listed(name: str) -> Any:
    """A listed decoder as far as a control's name asks for it."""
    spec = find_decoder(name).spec
    assert spec is not None
    about = {"tensors_sha256": spec.tensors_sha256, "anchor": spec.anchor, "suffix": (), "layout": "anchored"}
    return SimpleNamespace(**about, d={"smollm2-135m-instruct-q4_1": 576, "gemma-3-270m-q4_k_m": 640}[name])


def test_every_shipped_control_is_found_under_its_name_and_none_is_left_over() -> None:
    shipped = set(data_folder("tasks").glob("*/controls/*.safetensors"))
    found = set()
    for task in (load_task(name) for name in task_names() if read_spec(task_folder(name)).manifest_sha256):
        for name in decoder_names():
            for k in (1, 2, 4, 8, 16):
                path = shipped_path(data_folder("tasks"), task, listed(name), k)
                if path.exists():
                    found.add(path)
                    control = shipped_control(task, listed(name), k)
                    assert control is not None
                    assert control.shape == (k, listed(name).d)
    assert found == shipped
    assert len(shipped) >= 2


def test_several_vectors_are_fitted_on_every_tuning_text_that_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """One vector keeps to its sixteen; more of them would learn sixteen by heart."""
    chosen = []

    def fit(settings: Any, request: Any) -> torch.Tensor:
        chosen.append(settings)
        return torch.zeros(request.k, 4)

    monkeypatch.setattr("cramboard.run.control.fit", fit)
    decoder: Any = SimpleNamespace(
        tensors_sha256="0" * 64, anchor=0, suffix=(), layout="anchored", d=4, device=torch.device("cuda")
    )
    for k in (1, 2, 16):
        control_vectors(load_task("novels"), decoder, True, k, torch.float32, Observer())
    one, *several = (choose_method("constant", name).settings for name in ("standard", "several", "several"))
    assert chosen == [one, *several]
    assert (one.texts, one.span, several[0].texts, several[0].span) == (16, 512, 64, 256)
    assert len(load_task("novels").samples("tuning", limit=64)) == 43


def test_a_control_is_checked_on_public_samples(short_folder: Path, tmp_path: Path) -> None:
    decoder, task = load_decoder(find_decoder(str(short_folder))), load_task("speeches")
    fitted = control_vectors(task, decoder, False, 1, torch.float32, Observer())
    write_control(shipped_path(tmp_path, task, decoder, 1), fitted)
    write_control(shipped_path(tmp_path, task, decoder, 2), -20 * fitted.expand(2, -1))
    (gains, loses), (worse, loses_too), (missing, _) = SCRIPT["check"](tmp_path, task, decoder, [1, 2, 4], 2)
    assert gains.startswith("speeches k=1: bits gained on 2 samples: ")
    assert "at 128" in gains
    assert (loses, loses_too) == (False, True)
    assert ": -" in worse
    assert missing == "speeches k=4: not fitted"


@pytest.mark.parametrize("count", ["0", "-1"])
def test_a_check_of_no_sample_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], count: str
) -> None:
    monkeypatch.setattr("sys.argv", ["fit_controls.py", str(tmp_path), "--check", count])
    with pytest.raises(SystemExit, match="2"):
        SCRIPT["main"]()
    assert f"--check {count}: at least one sample is needed" in capsys.readouterr().err


def test_a_broken_task_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "speeches").mkdir()
    (tmp_path / "speeches" / "manifest.jsonl").touch()
    monkeypatch.setattr("sys.argv", ["fit_controls.py", str(tmp_path), "--check", "1"])
    assert SCRIPT["main"]() == 3
    said = capsys.readouterr().err
    assert said.startswith("fit_controls: ")
    assert said.count("\n") == 1


def test_without_a_gpu_nothing_is_fitted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr("sys.argv", ["fit_controls.py", str(tmp_path)])
    assert SCRIPT["main"]() == 4
    assert capsys.readouterr().err == (
        "fit_controls: no GPU here, and without one the fit would be the quick one, which is not shipped\n"
    )


def test_what_is_fitted_is_left_as_it_is_and_the_rest_is_made(
    short_folder: Path, own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """In a cache of its own: the other tests' controls are fitted in float32."""
    decoder, task = load_decoder(find_decoder(str(short_folder))), load_task("speeches")
    there = shipped_path(tmp_path, task, decoder, 1)
    write_control(there, torch.zeros(1, decoder.d))
    fit = SCRIPT["fit"]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setitem(fit.__globals__, "load_decoder", lambda place, device: decoder)
    fit(tmp_path, [task], [str(short_folder)], [1, 2])
    assert read_control(there, 1, decoder.d).count_nonzero() == 0
    assert read_control(shipped_path(tmp_path, task, decoder, 2), 2, decoder.d).count_nonzero() > 0
    assert capsys.readouterr().out.startswith(f"{short_folder} speeches k=2: ")
