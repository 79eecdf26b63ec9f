"""What the site is built from: submissions with their results, read and checked."""

import math
import re
from dataclasses import dataclass
from pathlib import Path

from cramboard.keys import canonical_json
from cramboard.results.costs import cost_class, seconds_per_sample
from cramboard.schema import RunRecord, SampleRecord, SealedGap, StoredDtype, SubmissionSpec, Summary, Verification

DTYPES: tuple[StoredDtype, ...] = ("float32", "bfloat16", "int8", "int4")


def path_name(name: str) -> str:
    """Return a name as a part of a path; that of a listed decoder or a filed result is left as it is."""
    return re.sub(r"[^a-z0-9._-]|^[.]", "-", name.lower())[:80] or "-"


@dataclass(frozen=True)
class Result:
    """One finished run of a submission.

    `records` are without their marks (those of a shown sample are read again); a sealed run has none. `surprisals`
    are bits per token of each sample's text without vectors, over the longest stretch that was measured. `gap` is set
    on a sealed result that was held against `cram`.
    """

    slug: str
    folder: str
    run: RunRecord
    summary: Summary
    records: tuple[SampleRecord, ...]
    surprisals: dict[str, float]
    verifications: tuple[Verification, ...]
    gap: SealedGap | None = None

    @property
    def likeness(self) -> str:
        """What it has in common with its twins: the same submission, run alike on other samples."""
        run = self.run
        alike = (run.task.name, run.task.version, run.decoder.model_dump(), run.method.model_dump())
        return canonical_json([self.slug, *alike, run.k, run.seed, run.span])

    @property
    def sealed(self) -> bool:
        """Whether the run is on a sealed set."""
        return self.run.split == "sealed"

    @property
    def page(self) -> str:
        """The path of its page in the site."""
        place = f"{self.run.task.name}/{path_name(self.run.decoder.name)}"
        return f"results/{self.slug}/{place}/{path_name(Path(self.folder).name)}.html"

    @property
    def headline(self) -> bool:
        """Whether it is what its submission is ranked by: seed 0, public samples, and the declared span."""
        return self.run.split == "public" and self.run.seed == 0 and self.run.span is None

    @property
    def own_layout(self) -> bool:
        """Whether the decoder read it in its protocol's own layout, without the anchor."""
        return self.run.decoder.layout != "anchored"

    @property
    def after_first(self) -> float | None:
        """Mean tokens per vector counted from the second token, for a layout in which nothing foretells the first."""
        if not self.own_layout or not self.records:
            return None
        held = math.fsum(record.other_horizons.after_first for record in self.records)
        return held / len(self.run.samples) / self.run.k

    @property
    def coarsest(self) -> StoredDtype | None:
        """The coarsest dtype that keeps the horizon of every sample; None without records.

        Not the finest of the records' own: rounding moves a margin either way, so a sample may keep in int8 what it
        loses in bfloat16.
        """
        if not self.records:
            return None
        keeps_all = (dtype for dtype in reversed(DTYPES) if all(_keeps(record, dtype) for record in self.records))
        return next(keeps_all, None)

    @property
    def confirmations(self) -> list[Verification]:
        """Later verifications of this certificate by the same verifier version that confirmed every sample."""
        return [line for line in self._later if not line.unconfirmed]

    @property
    def confirmed_whole(self) -> bool:
        """Whether some later verification measured everything again; if none did, the horizons alone are confirmed."""
        return any(line.scope == "all" for line in self.confirmations)

    @property
    def disputes(self) -> list[Verification]:
        """Later verifications that did not confirm every sample."""
        return [line for line in self._later if line.unconfirmed]

    @property
    def _later(self) -> list[Verification]:
        ours = (self.summary.certificate_sha256, self.summary.verifier_version)
        return [line for line in self.verifications if (line.certificate_sha256, line.verifier_version) == ours]


def _keeps(record: SampleRecord, dtype: StoredDtype) -> bool:
    return dtype in record.stored and record.stored[dtype].horizon >= record.horizon


@dataclass(frozen=True)
class Submission:
    """A submission and its results; `local` for a run of this machine that stands beside the committed ones."""

    slug: str
    spec: SubmissionSpec
    results: tuple[Result, ...]
    local: bool = False

    @property
    def page(self) -> str:
        """The path of its page in the site."""
        return f"submissions/{self.slug}.html"

    def seconds(self, result: Result) -> float | None:
        """Return the seconds of making one sample's vectors; nobody measured those of uploads."""
        return None if self.spec.kind == "upload" else seconds_per_sample(result.run.units)

    def cost_class(self, result: Result) -> str | None:
        """Return the cost class within which a result ranks; only encoders have them."""
        seconds = self.seconds(result)
        return cost_class(seconds) if self.spec.kind == "encoder" and seconds is not None else None
