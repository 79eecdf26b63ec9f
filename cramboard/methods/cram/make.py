"""`cram` from request to vectors: search, certify what was found, keep what stands."""

from collections.abc import Sequence

import torch

from cramboard.methods.cram.settings import CramSettings
from cramboard.methods.cram.slots import CramFound, CramSlots, checkpoints
from cramboard.methods.engine.certify import certified_horizons
from cramboard.methods.engine.passes import choose_pass
from cramboard.methods.engine.search import Searched, search_all
from cramboard.methods.interface import CurvePoint, Made, Request

Results = Sequence[Searched[CramFound]]


def cram(settings: CramSettings, request: Request) -> Made:
    """Find vectors for every assignment.

    Returns:
        Vectors `[k, d]` float32 for each assignment: of all that its search kept, the ones that recover most in
        strict float32. The curve holds certified horizons too.
    """
    decoder, k = request.decoder, request.k
    exact = torch.float64 if request.dtype == torch.float64 else torch.float32
    like = torch.zeros((), device=decoder.device, dtype=exact)
    results = search_all(
        request,
        settings.steps,
        lambda n: choose_pass(decoder, request.dtype, k, n),
        lambda a_pass, count, n: CramSlots(settings, a_pass, count, k, n, decoder.d, decoder.spread(), like),
    )
    horizons = _certify(settings, request, results, exact)
    best = [max(range(len(found)), key=found.__getitem__) for found in horizons]
    vectors = tuple(
        result.found.candidates[index].to(torch.float32).cpu() for result, index in zip(results, best, strict=True)
    )
    return Made(vectors, tuple(_curve(settings.steps, results, horizons)))


def _certify(settings: CramSettings, request: Request, results: Results, exact: torch.dtype) -> list[list[int]]:
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


def _curve(steps: int, results: Results, horizons: Sequence[Sequence[int]]) -> list[CurvePoint]:
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
