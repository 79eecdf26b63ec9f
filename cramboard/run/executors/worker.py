"""A worker holds one decoder and executes units with it, in a process of its own on any machine of a cluster.

No file is shared with the driver. What a worker needs comes in a recipe or with the unit: samples carry their texts,
a method its settings, a submission its files (`cramboard.submission`). It gets the decoder itself, by its place: a
listed one from its package, one of the Hub from there; a local folder or file must lie under the same path here. Its
tensors are held against the driver's. Where a method asks for the task's tuning samples, they are had here as on any
machine: `cramboard.tasks.texts` says from where.

What went wrong comes back as a value: exceptions of other people's code do not always travel.
"""

import gc
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import torch

from cramboard import __version__
from cramboard.decoders import Decoder, DecoderPlace, load_decoder
from cramboard.errors import CramboardError, InputError, MachineError
from cramboard.hub import OFFLINE_VARIABLE
from cramboard.run.execute import Context, UnitFailure, UnitResult
from cramboard.run.executors.attempt import attempt
from cramboard.run.observer import Observer
from cramboard.run.units import Unit
from cramboard.schema import Layout
from cramboard.verify import VERIFIER_VERSION


@dataclass(frozen=True)
class DecoderRecipe:
    """How a worker gets the run's decoder.

    Attributes:
        place: Where it is to be had.
        device: `cuda` or `cpu`.
        attention: transformers' attention implementation.
        tensors_sha256: The driver's, which it must have.
        threads: Threads that it computes on.
        share: The share of a GPU's memory that the worker may take.
        offline: Whether it stays off the network.
    """

    place: DecoderPlace
    device: str
    attention: str
    tensors_sha256: str
    threads: int
    share: float
    offline: bool


@dataclass(frozen=True)
class RunRecipe:
    """All that a run's units share but the decoder: its layout and suffix, and the fields of `Context` by name."""

    layout: Layout
    suffix: tuple[int, ...]
    shared: dict[str, Any]


def run_recipe(context: Context) -> RunRecipe:
    """Return the recipe of `context`."""
    shared = {field.name: getattr(context, field.name) for field in fields(context) if field.name != "decoder"}
    return RunRecipe(context.decoder.layout, context.decoder.suffix, shared)


@dataclass(frozen=True)
class Told:
    """What a worker last heard of the unit at hand: `Observer.progress` and `Observer.stage`."""

    stage: str = ""
    samples: tuple[str, ...] = ()
    step: int = 0
    steps: int = 1
    horizons: tuple[int, ...] = ()


class Worker:
    """Holds one decoder and executes one unit after the other; `told` may be asked at any time."""

    def __init__(self, recipe: DecoderRecipe) -> None:
        self._recipe = recipe
        self._decoder: Decoder | None = None
        self._given: RunRecipe | None = None
        self._context: Context | None = None
        self._listener = _Listener()

    def ready(self) -> tuple[str, int] | CramboardError:
        """Load the decoder; return the versions of cramboard and of its verifier that are at work here."""
        try:
            self._load()
        except CramboardError as error:
            return error
        except torch.OutOfMemoryError:
            return MachineError(
                f"decoder {self._recipe.place.name} does not fit the device's memory of a worker; "
                "give a larger --gpus-per-worker, or larger GPUs"
            )
        # What is there now stays. A full collection would look through all of it, for some 100 ms and in every unit.
        gc.collect()
        gc.freeze()
        return __version__, VERIFIER_VERSION

    def call(self, layout: Layout, suffix: tuple[int, ...], function: Callable[[Decoder, Observer], Any]) -> Any:
        """Return what `function` gives with the decoder in a layout, or the CramboardError that it raises."""
        try:
            return function(self._load().in_layout(layout, suffix), self._listener.anew())
        except CramboardError as error:
            return error

    def begin(self, run: RunRecipe) -> None:
        """Hear what the units from now on are of."""
        self._given, self._context = run, None

    def execute(self, unit: Unit, begun: None) -> UnitResult | UnitFailure | CramboardError:
        """Execute a unit of the run that was begun; an error is one that stops the run.

        `begun` is what `begin` gave: a worker that a recipe did not reach has the one before, and must not use it.
        """
        try:
            return attempt(unit, self._begun(), self._listener.anew())
        except CramboardError as error:
            return error

    def told(self) -> Told:
        """Return how far the unit at hand is."""
        return self._listener.told

    def _begun(self) -> Context:
        if self._context is None:
            if self._given is None:
                raise RuntimeError("no run was begun")
            decoder = self._load().in_layout(self._given.layout, self._given.suffix)
            self._context = Context(decoder=decoder, **self._given.shared)
            torch.manual_seed(self._context.seed)
        return self._context

    def _load(self) -> Decoder:
        if self._decoder is None:
            recipe = self._recipe
            if recipe.offline:
                os.environ[OFFLINE_VARIABLE] = "1"
            torch.set_num_threads(recipe.threads)
            if recipe.device == "cuda" and recipe.share < 1:
                torch.cuda.set_per_process_memory_fraction(recipe.share)
            self._decoder = load_decoder(recipe.place, recipe.device, recipe.attention)
            if self._decoder.tensors_sha256 != recipe.tensors_sha256:
                raise InputError(
                    f"decoder {recipe.place.name}: a worker's has tensors with sha256 {self._decoder.tensors_sha256}, "
                    f"the driver's {recipe.tensors_sha256}; put the same files and versions on every machine"
                )
        return self._decoder


class _Listener(Observer):
    """Keeps the last word, whole: it is asked for from another thread than the one that works."""

    def __init__(self) -> None:
        self.told = Told()

    def anew(self) -> "_Listener":
        self.told = Told()
        return self

    def stage(self, text: str) -> None:
        self.told = Told(stage=text)

    def progress(self, samples: Sequence[str], step: int, steps: int, horizons: Sequence[int]) -> None:
        self.told = Told("", tuple(samples), step, steps, tuple(horizons))
