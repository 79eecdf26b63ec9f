"""From a request to vectors and claims, by a recipe."""

from collections.abc import Sequence
from dataclasses import replace

import torch

from cramboard.errors import UsageError
from cramboard.methods.engine.certify import certified_horizons
from cramboard.methods.engine.passes import choose_pass
from cramboard.methods.engine.search import Searched, search_all
from cramboard.methods.interface import CurvePoint, Made, Request
from cramboard.methods.published.recipe import Recipe
from cramboard.methods.published.slots import Kept, ProtocolSlots
from cramboard.schema import ProtocolClaim


def follow(recipe: Recipe, request: Request) -> Made:
    """Make every assignment's vectors by a recipe, many at once, each as if it were alone.

    Returns:
        The vectors that the protocol keeps, what it claims of them, and the end of the anytime curve: their certified
        horizons, in the layout that they are verified in.

    Raises:
        UsageError: If a sequence leaves no token to score.
    """
    asked = _as_the_protocol_reads(request)
    if min(len(assignment.ids) for assignment in asked.assignments) <= recipe.given:
        raise UsageError("the protocol does not score the first token: give it a span of at least 2")
    decoder, k = asked.decoder, request.k
    exact = torch.float64 if request.dtype == torch.float64 else torch.float32
    like = torch.zeros((), device=decoder.device, dtype=exact)
    results = search_all(
        asked,
        recipe.steps,
        lambda n: choose_pass(decoder, request.dtype, k, n, recipe.given),
        lambda a_pass, count, n: ProtocolSlots(recipe, a_pass, count, k, n, decoder, like),
    )
    claims = tuple(
        ProtocolClaim(
            sample=assignment.sample,
            tokens=result.found.tokens,
            steps=result.found.steps,
            accuracy=result.found.right / result.found.scored,
            loss_nats=result.found.loss_nats,
        )
        for assignment, result in zip(request.assignments, results, strict=True)
    )
    vectors = tuple(result.found.vectors.to(torch.float32).cpu() for result in results)
    return Made(vectors, (_end(request, results, exact),), claims=claims)


def _as_the_protocol_reads(request: Request) -> Request:
    """Return the request with texts as the protocol's tokenizer gives them.

    The bare layout has the decoder's BOS behind the vectors. To the protocols it is the first token of the text: it
    counts in their lengths, and is scored if the first token is.
    """
    decoder = request.decoder
    if decoder.layout == "anchored" or not decoder.suffix:
        return request
    return replace(
        request,
        decoder=decoder.in_layout("bare", ()),
        assignments=tuple(replace(one, ids=(*decoder.suffix, *one.ids)) for one in request.assignments),
    )


def _end(request: Request, results: Sequence[Searched[Kept]], exact: torch.dtype) -> CurvePoint:
    """Return the anytime curve's last point."""
    texts = [assignment.ids for assignment in request.assignments]
    vectors = torch.stack([result.found.vectors for result in results])
    horizons = certified_horizons(request.decoder, texts, vectors, exact)
    seconds = [result.seconds(result.found.steps) for result in results]
    return CurvePoint(
        seconds=round(sum(seconds) / len(seconds), 4),
        steps=max(result.found.steps for result in results),
        mean_horizon=round(sum(horizons) / len(horizons), 3),
        horizons=tuple(horizons),
        certified=True,
    )
