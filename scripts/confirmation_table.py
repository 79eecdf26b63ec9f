"""Print the table of which certificates were confirmed where.

    python scripts/confirmation_table.py [FOLDER ..]

Looks at every run below the folders (`submissions` by default): what made it, and the last verification of its very
certificate on another device. `cramboard verify --horizons RUN_DIR..` makes such verifications. Exit code: 0 when all
horizons of every run are confirmed on another device, 1 when not.
"""

import argparse
import sys
from pathlib import Path

from cramboard.errors import CramboardError, InputError
from cramboard.files import read_text
from cramboard.schema import RunRecord, Summary, Verification, from_json, from_jsonl_file

RUN, SUMMARY, VERIFICATIONS = "run.json", "summary.json", "verifications.jsonl"
HEADINGS = ("run", "samples", "confirmed", "made on", "confirmed on", "what")


def main() -> int:
    """Print the table as Markdown, and what it adds up to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="*", default=[Path("submissions")], metavar="FOLDER")
    asked = parser.parse_args()
    try:
        rows = [
            row(run.parent, folder) for folder in asked.folders for run in sorted(folder.rglob(RUN)) if not sealed(run)
        ]
        if not rows:
            raise InputError(
                f"{', '.join(map(str, asked.folders))}: no run (run.json) lies there; give a folder of runs"
            )
    except CramboardError as error:
        print(f"confirmation_table: {error}", file=sys.stderr)
        return error.exit_code
    for cells in (HEADINGS, ("---",) * len(HEADINGS), *rows):
        print(f"| {' | '.join(map(str, cells))} |")
    whole = [cells for cells in rows if cells[1] == cells[2]]
    samples, confirmed = sum(cells[1] for cells in rows), sum(cells[2] for cells in rows)
    print(
        f"\n{len(whole)} of {len(rows)} certificates are confirmed whole on another device, "
        f"{confirmed} of {samples} horizons."
    )
    return 0 if len(whole) == len(rows) else 1


def sealed(path: Path) -> bool:
    """Whether a run is on a sealed set: its certificate is private."""
    return read(RunRecord, path).split == "sealed"


def read(model, path):
    """Read a JSON file of a run."""
    return from_json(model, read_text(path, "file of the run"), str(path))


def row(run: Path, below: Path) -> tuple:
    """Return what the table says of the run in folder `run`."""
    record, summary = read(RunRecord, run / RUN), read(Summary, run / SUMMARY)
    made = {unit.device for unit in record.units} or {record.provenance.device}
    lines = run / VERIFICATIONS
    later = from_jsonl_file(Verification, lines, "verifications") if lines.exists() else []
    elsewhere = [
        line
        for line in later
        if (line.certificate_sha256, line.verifier_version) == (summary.certificate_sha256, summary.verifier_version)
        and line.device not in made
    ]
    name, samples, devices = run.relative_to(below).as_posix(), summary.samples, ", ".join(sorted(made))
    if not elsewhere:
        return (name, samples, 0, devices, "nowhere else", "")
    last = elsewhere[-1]
    scope = "every measure" if last.scope == "all" else "horizons"
    return (name, samples, last.confirmed, devices, last.device, scope)


if __name__ == "__main__":
    sys.exit(main())
