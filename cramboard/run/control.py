"""The constant control of a task, decoder and k: shipped with the task, kept in the cache, or fitted now."""

from pathlib import Path

import torch
from safetensors.torch import save

from cramboard.decoders import Decoder
from cramboard.errors import InputError
from cramboard.files import cache_folder, data_folder, read_bytes, write_atomically
from cramboard.keys import key
from cramboard.methods import ChosenMethod, Request, choose_method
from cramboard.methods.constant import fit
from cramboard.run.execute import others_of
from cramboard.run.observer import Observer
from cramboard.tasks import Task
from cramboard.tensors import load_tensors

_TENSOR = "control"


def control_vectors(
    task: Task, decoder: Decoder, ranked: bool, k: int, dtype: torch.dtype, observer: Observer
) -> torch.Tensor:
    """Return the control's `[k, d]` float32 vectors, fitted on the task's tuning samples.

    One that is not shipped is fitted and kept in the cache. The standard fit wants a GPU: on another device, and for
    decoders that do not rank, it is the quick one.
    """
    shipped = shipped_control(task, decoder, k)
    if shipped is not None:
        return shipped
    method = _fit_of(k) if ranked and decoder.device.type == "cuda" else choose_method("constant", "quick")
    cached = cache_folder() / "controls" / _file(task, decoder, method, k)
    if cached.exists():
        return read_control(cached, k, decoder.d)
    observer.stage("fitting the constant control on other texts of the task (once)")
    vectors = fit(
        method.settings,
        Request(
            assignments=(),
            decoder=decoder,
            k=k,
            seed=0,
            dtype=dtype,
            others=others_of(task, decoder, method, k),
            report=lambda step, steps, horizons: observer.progress((), step, steps, horizons),
        ),
    )
    write_control(cached, vectors)
    return vectors


def shipped_control(task: Task, decoder: Decoder, k: int) -> torch.Tensor | None:
    """Return the control that is shipped with the task for this decoder and k, or None."""
    path = shipped_path(data_folder("tasks"), task, decoder, k)
    return read_control(path, k, decoder.d) if path.exists() else None


def shipped_path(tasks: Path, task: Task, decoder: Decoder, k: int) -> Path:
    """Return where below `tasks` a shipped control lies."""
    return tasks / task.tuned_on.spec.name / "controls" / _file(task, decoder, _fit_of(k), k)


def _fit_of(k: int) -> ChosenMethod:
    """Return the fit of the control of k vectors that is shipped."""
    return choose_method("constant", "standard" if k == 1 else "several")


def _file(task: Task, decoder: Decoder, method: ChosenMethod, k: int) -> str:
    """Return a control's file name: a key of the task, the decoder and its layout, the fit's settings and k."""
    about: list[object] = [
        task.tuned_on.ref.model_dump(),
        decoder.tensors_sha256,
        decoder.anchor,
        method.ref.model_dump(),
        k,
    ]
    if decoder.layout != "anchored":
        about.append(decoder.layout)
    if decoder.suffix:
        about.append(decoder.suffix)
    return f"{key(about)[:32]}.safetensors"


def write_control(path: Path, vectors: torch.Tensor) -> None:
    """Write a control's `[k, d]` vectors."""
    write_atomically(path, bytes(save({_TENSOR: vectors})))


def read_control(path: Path, k: int, d: int) -> torch.Tensor:
    """Read a control's vectors.

    Raises:
        InputError: If the file is missing or is not one finite float32 tensor `[k, d]`.
    """
    tensors = load_tensors(read_bytes(path, "control"), path)
    vectors = tensors.get(_TENSOR)
    if len(tensors) != 1 or vectors is None or vectors.dtype != torch.float32 or list(vectors.shape) != [k, d]:
        raise InputError(f"{path}: not one float32 tensor [{k}, {d}] named {_TENSOR!r}; restore the file")
    if not bool(torch.isfinite(vectors).all()):
        raise InputError(f"{path}: holds a NaN or an infinity; restore the file")
    return vectors
