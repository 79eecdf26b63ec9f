"""Who stands where: which results rank, in which group, and the tie groups within each."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from cramboard.board.site.entries import Result, Submission
from cramboard.board.site.read import Tasks
from cramboard.results.costs import COST_CLASSES
from cramboard.results.ranks import tie_groups
from cramboard.schema import DecoderRef, SampleRecord

KINDS = {"optimisation": "optimised", "encoder": "encoder", "upload": "uploaded", "control": "control"}
"""How the kinds of submissions are called on the pages, in the order in which they are shown."""
LOCAL = "this machine"

Measure = Callable[[SampleRecord], float]


@dataclass(frozen=True)
class Rules:
    """What ranking asks of a result besides its own files: a listed decoder, anchored, and today's verifier."""

    listed: tuple[DecoderRef, ...]
    verifier_version: int

    def lists(self, decoder: DecoderRef) -> bool:
        """Say whether a decoder is listed; neither its layout nor a submission's suffix makes it another."""
        return any(
            (one.name, one.tensors_sha256, one.anchor) == (decoder.name, decoder.tensors_sha256, decoder.anchor)
            for one in self.listed
        )


@dataclass(frozen=True)
class Standing:
    """A result with its submission, and where it stands; `unranked` says why it has no rank."""

    submission: Submission
    result: Result
    kind: str
    cost_class: str | None
    rank: int | None
    tied: bool
    unranked: str | None

    @property
    def tokens(self) -> float:
        """The headline's mean."""
        return self.result.summary.measures["tokens_per_vector"].mean

    @property
    def seconds(self) -> float | None:
        """Seconds of making one sample's vectors."""
        return self.submission.seconds(self.result)

    @property
    def group(self) -> tuple[int, int, bool, int, str]:
        """What orders the groups of a table: k, kind, a layout of its own, cost class, subset."""
        kinds = [*KINDS.values(), LOCAL]
        cost = COST_CLASSES.index(self.cost_class) if self.cost_class else -1
        return (self.result.run.k, kinds.index(self.kind), self.result.own_layout, cost, self.result.run.subset)


def standings(
    submissions: Iterable[Submission],
    tasks: Tasks,
    rules: Rules,
    across_decoders: bool = False,
) -> list[Standing]:
    """Return where every headline result stands, group by group, best first.

    Ranked by tokens per vector among results with one task, decoder, subset, k, kind and cost class; with
    `across_decoders` by bytes per vector, which compare over tokenizers.
    """
    name = "bytes_per_vector" if across_decoders else "tokens_per_vector"
    shown = [
        (submission, result)
        for submission in submissions
        for result in submission.results
        if (result.headline or (submission.local and not result.sealed)) and name in result.summary.measures
    ]
    groups: dict[Hashable, list[tuple[Submission, Result, str | None]]] = {}
    for submission, result in shown:
        run = result.run
        why = unranked(submission, result, tasks, rules)
        decoder = None if across_decoders else run.decoder.name
        key = (run.task, decoder, run.k, run.subset, kind(submission), submission.cost_class(result))
        groups.setdefault(key, []).append((submission, result, why))
    made: list[Standing] = []
    for group in groups.values():
        group.sort(key=lambda row: (-row[1].summary.measures[name].mean, row[0].slug, row[1].run.decoder.name))
        ranks = iter(_ranks([result for _, result, why in group if why is None], tasks, across_decoders))
        placed = [(row, next(ranks) if row[2] is None else None) for row in group]
        counts = [rank for _, rank in placed]
        made += [
            Standing(
                submission, result, kind(submission), submission.cost_class(result),
                rank, rank is not None and counts.count(rank) > 1, why,
            )
            for (submission, result, why), rank in placed
        ]  # fmt: skip
    return sorted(made, key=lambda s: (s.result.run.task.name, s.result.run.decoder.name, s.group))


def kind(submission: Submission) -> str:
    """Name the kind of a submission as the pages do."""
    return LOCAL if submission.local else KINDS[submission.spec.kind]


def unranked(submission: Submission, result: Result, tasks: Tasks, rules: Rules) -> str | None:
    """Say why a result has no rank, or None if it ranks."""
    run = result.run
    if submission.local:
        return "a run on this machine"
    if submission.spec.kind == "control":
        return "a control"
    if result.own_layout:
        return "read in its protocol's own layout, without the anchor"
    if not rules.lists(run.decoder) or not run.ranked:
        return "its decoder is not listed"
    if run.task != tasks.named(run.task.name).ref:
        return f"made on version {run.task.version} of the task"
    if "(" in run.subset:
        return "its samples are not a fixed subset"
    if result.summary.verifier_version != rules.verifier_version:
        return f"measured by verifier version {result.summary.verifier_version}"
    if run.isolation == "none":
        return "its encoder ran without the sandbox"
    if submission.spec.kind == "encoder" and submission.seconds(result) is None:
        return "its cost was not measured"
    return None


def _ranks(results: Sequence[Result], tasks: Tasks, in_bytes: bool) -> list[int]:
    """Return the tie groups of results on the same samples, best mean first."""
    if not results:
        return []
    samples = sorted(results[0].run.samples)
    authors = {line.id: line.author for line in tasks.named(results[0].run.task.name).lines}
    rows = []
    for result in results:
        found = {record.sample: record for record in result.records}
        held = {sample: (record.bytes or 0) if in_bytes else record.horizon for sample, record in found.items()}
        rows.append([held.get(sample, 0) / result.run.k for sample in samples])
    return tie_groups(rows, [authors[sample] for sample in samples])
