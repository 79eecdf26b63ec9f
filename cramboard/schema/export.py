"""Every file that has a JSON Schema, and their export to a folder."""

import json
from pathlib import Path

from cramboard.schema import (
    BoardResults,
    Boundary,
    Certificate,
    Commitment,
    DatasetSpec,
    DecoderSpec,
    ManifestLine,
    Matrix,
    Reported,
    RunRecord,
    SampleRecord,
    SealedGap,
    SealedSet,
    StoredUnit,
    SubmissionSpec,
    Summary,
    TaskSpec,
    TaskStatistics,
    UnitCost,
    Verification,
)

FILES: dict[str, type[Boundary]] = {
    "task": TaskSpec,
    "manifest-line": ManifestLine,
    "dataset": DatasetSpec,
    "sealed-set": SealedSet,
    "commitment": Commitment,
    "task-statistics": TaskStatistics,
    "decoder": DecoderSpec,
    "certificate": Certificate,
    "sample-record": SampleRecord,
    "verification": Verification,
    "unit": StoredUnit,
    "unit-cost": UnitCost,
    "run": RunRecord,
    "summary": Summary,
    "gap": SealedGap,
    "submission": SubmissionSpec,
    "matrix": Matrix,
    "reported": Reported,
    "results": BoardResults,
}


def export(folder: Path) -> None:
    """Write every file's JSON Schema to `folder`, one `<file>.schema.json` each."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, model in FILES.items():
        schema = json.dumps(model.model_json_schema(), indent=1, sort_keys=True)
        (folder / f"{name}.schema.json").write_text(schema + "\n", encoding="utf-8")
