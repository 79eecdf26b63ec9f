"""Runs: plan work units, execute them through one seam, keep what is finished, resume. No science lives here."""

from cramboard.run.asked import Asked
from cramboard.run.complete import CompleteRun, read_complete
from cramboard.run.curve import evaluate_all, plan_all
from cramboard.run.evaluate import Outcome, evaluate
from cramboard.run.executors import Executor, choose_executor
from cramboard.run.fill import Ended, fill
from cramboard.run.folder import RunFolder
from cramboard.run.observer import Observer
from cramboard.run.plan import Plan, plan
from cramboard.run.reverify import Reverified, Verifier

__all__ = [
    "Asked",
    "CompleteRun",
    "Ended",
    "Executor",
    "Observer",
    "Outcome",
    "Plan",
    "Reverified",
    "RunFolder",
    "Verifier",
    "choose_executor",
    "evaluate",
    "evaluate_all",
    "fill",
    "plan",
    "plan_all",
    "read_complete",
]
