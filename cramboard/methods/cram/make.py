"""`cram` from request to vectors: search, certify what was found, keep what stands."""

import contextlib
import gc
import traceback
from collections.abc import Sequence

import torch

from cramboard.methods.cram.search import Searched, search
from cramboard.methods.cram.settings import CramSettings
from cramboard.methods.cram.slots import Slots, checkpoints
from cramboard.methods.engine.certify import certified_horizons
from cramboard.methods.engine.passes import choose_pass
from cramboard.methods.interface import CurvePoint, Made, Request

# More samples at once fill a GPU no better.
_MOST_SLOTS = 64


def cram(settings: CramSettings, request: Request) -> Made:
    """Find vectors for every assignment.

    Returns:
        Vectors `[k, d]` float32 for each assignment: of all that its search kept, the ones that recover most in
        strict float32. The curve holds certified horizons too.
    """
    exact = torch.float64 if request.dtype == torch.float64 else torch.float32
    done = _search_all(settings, request, exact)
    results = [done[index] for index in range(len(request.assignments))]
    horizons = _certify(settings, request, results, exact)
    best = [max(range(len(found)), key=found.__getitem__) for found in horizons]
    vectors = tuple(
        result.found.candidates[index].to(torch.float32).cpu() for result, index in zip(results, best, strict=True)
    )
    return Made(vectors, tuple(_curve(settings.steps, results, horizons)))


def _search_all(settings: CramSettings, request: Request, exact: torch.dtype) -> dict[int, Searched]:
    """Search every assignment with as many slots as memory allows; out of memory, go on with half of them."""
    done: dict[int, Searched] = {}
    most = _MOST_SLOTS
    while len(done) < len(request.assignments):
        try:
            _search_open(settings, request, exact, most, done)
        except torch.OutOfMemoryError as error:
            most = min(most, len(request.assignments) - len(done)) // 2
            if not most:
                raise
            traceback.clear_frames(error.__traceback__)
        gc.collect()
        torch.cuda.empty_cache()
    return done


def _search_open(
    settings: CramSettings, request: Request, exact: torch.dtype, most: int, done: dict[int, Searched]
) -> None:
    """Search what is not done yet with at most `most` slots."""
    decoder, assignments = request.decoder, request.assignments
    n = max(len(assignment.ids) for assignment in assignments)
    open_ = [index for index in range(len(assignments)) if index not in done]
    a_pass = choose_pass(decoder, request.dtype, request.k, n)
    count = min(len(open_), most, a_pass.rows(n))
    like = torch.zeros((), device=decoder.device, dtype=exact)
    slots = Slots(settings, a_pass, count, request.k, n, decoder.d, decoder.spread(), like)
    # Events and kernels go to the current device, which need not be the decoder's.
    with torch.cuda.device(decoder.device) if decoder.device.type == "cuda" else contextlib.nullcontext():
        search(slots, a_pass, count, assignments, open_, request.seed, done, _Report(settings, request, done))


class _Report:
    """Tells the request's listener of steps and horizons, finished and running searches together."""

    def __init__(self, settings: CramSettings, request: Request, done: dict[int, Searched]) -> None:
        self._steps, self._request, self._done = settings.steps, request, done
        self._horizons = [0] * len(request.assignments)
        self._told = -1

    def __call__(self, running: dict[int, tuple[int, int]]) -> None:
        """Hear the steps and the horizon of each running search."""
        for index, (_, horizon) in running.items():
            self._horizons[index] = horizon
        for index, result in self._done.items():
            self._horizons[index] = result.found.horizon
        total = self._steps * len(self._done) + sum(steps for steps, _ in running.values())
        step = total // len(self._horizons)
        if step != self._told:
            self._told = step
            self._request.report(step, self._steps, self._horizons)


def _certify(
    settings: CramSettings, request: Request, results: Sequence[Searched], exact: torch.dtype
) -> list[list[int]]:
    """Return the certified horizon of every candidate of every search, looking a little beyond what was counted."""
    beyond = settings.grow * request.k
    texts = [
        assignment.ids[: counted + beyond]
        for assignment, result in zip(request.assignments, results, strict=True)
        for counted in result.found.counted
    ]
    candidates = torch.cat([result.found.candidates for result in results])
    horizons = iter(certified_horizons(request.decoder, texts, candidates, exact))
    return [[next(horizons) for _ in result.found.counted] for result in results]


def _curve(steps: int, results: Sequence[Searched], horizons: Sequence[Sequence[int]]) -> list[CurvePoint]:
    """Return the anytime curve: after each checkpoint's steps, the best certified horizon of each sample so far.

    A search that ended early stays at what it had. The last point holds what was kept in the end.
    """
    points = checkpoints(steps)
    curve = []
    for place, point in enumerate(points):
        last = place == len(points) - 1
        so_far = [
            max(found if last else found[: min(place + 1, result.found.checkpoints)])
            for result, found in zip(results, horizons, strict=True)
        ]
        seconds = [result.seconds(min(point, result.found.steps)) for result in results]
        curve.append(
            CurvePoint(
                seconds=round(sum(seconds) / len(seconds), 4),
                steps=point,
                mean_horizon=round(sum(so_far) / len(so_far), 3),
                horizons=tuple(so_far),
                certified=True,
            )
        )
    return curve
