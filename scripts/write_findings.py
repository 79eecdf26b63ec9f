"""Write docs/findings.md and its figures from the results in submissions/, and from nothing else.

    python scripts/write_findings.py [--submissions FOLDER] [--matrix FILE] [--output-dir FOLDER]

Equal results give equal bytes. Without results nothing is written.
"""

import argparse
import sys
from pathlib import Path

from cramboard.cli.leaderboard.site import around
from cramboard.cli.output import printable
from cramboard.errors import CramboardError, InputError
from cramboard.files import write_atomically
from cramboard.schema import Matrix, from_yaml_file

ROOT = Path(__file__).parents[1]


def main() -> int:
    """Write the page; a broken result is named, and nothing is written."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=Path, default=ROOT / "submissions", help="the submissions' folder")
    parser.add_argument(
        "--matrix", type=Path, default=ROOT / "leaderboard" / "matrix.yaml", help="the runs that the board is to have"
    )
    parser.add_argument("--output-dir", type=Path, default=ROOT / "docs", help="where the page goes")
    asked = parser.parse_args()
    try:
        write(asked.submissions.absolute(), asked.matrix, asked.output_dir)
    except CramboardError as error:
        print(f"write_findings: {printable(str(error))}", file=sys.stderr)
        return error.exit_code
    return 0


def write(submissions: Path, matrix: Path, output: Path) -> None:
    """Write the page and its figures below `output`.

    Raises:
        InputError: If there is no result, or one is broken.
    """
    from cramboard.board.findings import Evidence, findings
    from cramboard.board.site import Tasks, read_submissions

    tasks = Tasks()
    found = read_submissions(submissions, tasks)
    if found.broken:
        raise InputError(f"{len(found.broken)} results are broken, the first: {found.broken[0]}")
    if not any(submission.results for submission in found.submissions):
        raise InputError(f"{submissions}: no submission has results yet; nothing is written")
    project = around()
    evidence = Evidence(
        found.submissions,
        from_yaml_file(Matrix, matrix, "matrix"),
        project.reported,
        tasks,
        project.rules,
        submissions.parent,
    )
    for path, text in findings(evidence).items():
        write_atomically(output / path, text)


if __name__ == "__main__":
    sys.exit(main())
