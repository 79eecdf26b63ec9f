"""An encoder's curve: beside its declared span it runs at every standard one, each a run of its own."""

from collections.abc import Sequence
from dataclasses import replace

from cramboard.decoders import Decoder
from cramboard.reading import tokens_of
from cramboard.run.asked import Asked
from cramboard.run.evaluate import Outcome, evaluate, load
from cramboard.run.executors import INLINE, Executor
from cramboard.run.observer import Observer
from cramboard.run.plan import Plan, plan
from cramboard.submission import read_submission

SPANS = (16, 32, 64, 128, 256, 512, 1024, 2048)


def plan_all(asked: Asked, executor: Executor = INLINE) -> tuple[Plan, ...]:
    """Check what was asked for: one run, or the runs of an encoder's curve, that at its declared span first.

    Only an encoder of fixed k has a curve: one of a fixed ratio makes another number of vectors of another span.

    Raises:
        UsageError, InputError, MachineError: In one line each.
    """
    spans = _curve(asked)
    if not spans:
        return (plan(asked, executor),)
    if asked.output_dir is None:
        return (plan(asked, executor), *(plan(replace(asked, span=span), executor) for span in spans))
    names = {None: f"k{asked.k}"} | {span: f"k{asked.k}-span{span}" for span in spans}
    return tuple(
        plan(replace(asked, span=span, output_dir=asked.output_dir / name), executor) for span, name in names.items()
    )


def evaluate_all(
    plans: Sequence[Plan], observer: Observer, executor: Executor = INLINE, decoder: Decoder | None = None
) -> tuple[Outcome, ...]:
    """Do every plan in order, with one decoder; a span that a text or the context does not reach is left out.

    The executor's workers keep the decoder from one run to the next.

    Args:
        plans: What `plan_all` returned.
        observer: Told of progress.
        executor: What executes the units; the one that they were planned with.
        decoder: The plans' decoder, if it is loaded already.

    Raises:
        CramboardError: In one line; what is finished is kept.
    """
    first, *others = plans
    if not others:
        return (evaluate(first, observer, decoder, executor),)
    decoder = decoder or load(first, observer, executor)
    reached = _reach(first, decoder)
    outcomes = [evaluate(first, observer, decoder, executor)]
    outcomes += [evaluate(other, observer, decoder, executor) for other in others if other.span <= reached]
    return tuple(outcomes)


def _curve(asked: Asked) -> tuple[int, ...]:
    """Return the spans of the curve besides the declared one; none if a span is asked for or there is no curve."""
    if asked.submission is None or asked.span is not None:
        return ()
    submission = read_submission(asked.submission)
    if submission.spec.kind != "encoder":
        return ()
    declared = submission.plan(asked.k)
    return () if declared.ratio is not None else tuple(span for span in SPANS if span != declared.span)


def _reach(plan: Plan, decoder: Decoder) -> int:
    """Return how many leading tokens every text of the plan has and the context takes."""
    shortest = min(len(tokens_of(sample, decoder).ids) for sample in plan.samples)
    return min(shortest, decoder.room(plan.asked.k))
