"""Evaluate the submission that a clone adds: every task, decoder and k that it is for.

Run by the workflow `evaluate` with the main branch's cramboard, while the clone is the proposal's: of the clone only
data is read, and its encoder runs in the sandbox. The same command goes on where it stopped.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from cramboard.cli.output import printable
from cramboard.errors import CramboardError, InputError
from cramboard.run import Asked, Observer, evaluate_all, plan_all
from cramboard.submission import VECTORS, read_submission
from cramboard.submit.check import check
from cramboard.tasks import read_spec, task_folder, task_names


def main() -> int:
    """Check the submission, then evaluate it into `RUNS/<task>-<decoder>-k<k>/`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clone", type=Path, help="the proposal's clone, which knows its main branch")
    parser.add_argument("runs", type=Path, help="folder for the runs")
    given = parser.parse_args()
    runs = given.runs.absolute()
    os.chdir(given.clone)
    try:
        checked = check(None, None, unsandboxed=False, observer=Observer())
        for problem in checked.problems:
            print(f"fix: {printable(problem)}", file=sys.stderr)
        if checked.problems:
            return 3
        wanted = list(_all_asked(checked.folder, runs))
        if not wanted:
            raise InputError(f"{checked.folder}: nothing to evaluate: no task has vectors of its decoders and plans")
        return max(map(_evaluate, wanted))
    except CramboardError as error:
        print(f"evaluate_submission: {printable(str(error))}", file=sys.stderr)
        return error.exit_code


def _all_asked(folder: Path, runs: Path) -> Iterator[Asked]:
    """Yield what is to be evaluated: of uploaded vectors what was uploaded, of an encoder every task of texts."""
    spec = read_submission(folder).spec
    for task in _built_tasks(texts_only=spec.kind == "encoder"):
        for decoder in spec.decoders:
            for declared in spec.plans:
                uploaded = folder / VECTORS / task / decoder / f"k{declared.k}"
                if spec.kind != "upload" or uploaded.is_dir():
                    place = runs / f"{task}-{decoder}-k{declared.k}"
                    yield Asked(task=task, decoder=decoder, method=str(folder), k=declared.k, output_dir=place)


def _built_tasks(texts_only: bool) -> Iterator[str]:
    for name in task_names():
        task = read_spec(task_folder(name))
        if task.manifest_sha256 is not None and (task.form == "text" or not texts_only):
            yield name


def _evaluate(asked: Asked) -> int:
    print(f"{asked.task}, {asked.decoder}, k {asked.k}", file=sys.stderr)
    outcomes = evaluate_all(plan_all(asked), Observer())
    return 1 if any(outcome.failures for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
