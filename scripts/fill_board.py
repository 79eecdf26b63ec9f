"""Make the runs of a matrix, as many as fit the time, and go on where it stopped.

On a GPU, where a command may take ten minutes:

    python scripts/fill_board.py leaderboard/matrix.yaml --runs runs/board --device cuda --stop-after 560

Typed again it goes on: what is finished is kept, what failed is tried again. Each run lies in a folder of its name
below RUNS; what is printed, a line a cell, is added to RUNS/fill_board.log too. `--dry-run` loads nothing and lists the
cells in their order, with what they are expected to take. Exit code: 0 when every cell is finished, 1 when not.
"""

import argparse
import sys
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path

from cramboard.errors import CramboardError, UsageError
from cramboard.files import clear_os_errors
from cramboard.schema import Cell, Matrix, from_yaml_file


def main() -> int:
    """Fill the board, or say what would be done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("matrix", type=Path, help="the runs, such as leaderboard/matrix.yaml")
    parser.add_argument("--runs", type=Path, required=True, help="folder for the runs")
    parser.add_argument("--device", default="cuda", help="cuda by default")
    parser.add_argument("--stop-after", type=float, default=float("inf"), metavar="SECONDS",
                        help="begin no unit that would still be running then")  # fmt: skip
    parser.add_argument("--only", action="append", metavar="GLOB",
                        help="only cells of such names, such as 'speeches/*/k1' (may be repeated)")  # fmt: skip
    parser.add_argument("--dry-run", action="store_true", help="list the cells; load and write nothing")
    asked = parser.parse_args()
    try:
        cells = _chosen(from_yaml_file(Matrix, asked.matrix, "matrix"), asked.only)
        return _dry_run(cells, asked.runs) if asked.dry_run else _fill(cells, asked)
    except CramboardError as error:
        print(f"fill_board: {' '.join(str(error).split())}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("fill_board: interrupted; what is finished is kept", file=sys.stderr)
        return 130


def _chosen(matrix: Matrix, only: list[str] | None) -> list[Cell]:
    cells = [cell for cell in matrix.cells() if only is None or any(fnmatchcase(cell.name, glob) for glob in only)]
    if not cells:
        raise UsageError("--only: no cell of the matrix has such a name; --dry-run without it lists them all")
    return cells


def _dry_run(cells: list[Cell], runs: Path) -> int:
    from cramboard.tasks import load_task

    total = 0.0
    for number, cell in enumerate(cells, 1):
        samples = len(load_task(cell.task).select(limit=cell.limit))
        begun = any((runs / cell.name).glob("**/run.json"))
        total += 0 if begun else samples * cell.seconds
        state = "begun or finished" if begun else f"{samples} samples, about {samples * cell.seconds:.0f} s"
        print(f"{number:4}  {cell.name}: {state}; {timedelta(seconds=round(total))} so far")
    return 0


def _fill(cells: list[Cell], asked: argparse.Namespace) -> int:
    from cramboard.run import fill

    with clear_os_errors(asked.runs):
        asked.runs.mkdir(parents=True, exist_ok=True)
        log = (asked.runs / "fill_board.log").open("a", encoding="utf-8", buffering=1)
    ends: dict[str, int] = {}
    with log:
        for ended in fill(cells, asked.runs, asked.device, asked.stop_after):
            ends[ended.end] = ends.get(ended.end, 0) + 1
            line = f"{ended.end:8} {ended.cell.name}: {' '.join(ended.words.split())}"
            print(line, flush=True)
            print(line, file=log)
    print("; ".join(f"{end}: {count}" for end, count in ends.items()), flush=True)
    return 0 if set(ends) <= {"done", "kept"} else 1


if __name__ == "__main__":
    sys.exit(main())
