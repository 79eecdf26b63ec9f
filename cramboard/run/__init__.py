"""Runs: plan work units, execute them through one seam, keep what is finished, resume. No science lives here."""

from cramboard.run.asked import Asked
from cramboard.run.complete import CompleteRun, read_complete
from cramboard.run.curve import evaluate_all, plan_all
from cramboard.run.evaluate import Outcome, evaluate
from cramboard.run.executors import Executor, choose_executor
from cramboard.run.folder import RunFolder
from cramboard.run.observer import Observer
from cramboard.run.plan import Plan, plan
from cramboard.run.reverify import Reverified, reverify

__all__ = [
    "Asked",
    "CompleteRun",
    "Executor",
    "Observer",
    "Outcome",
    "Plan",
    "Reverified",
    "RunFolder",
    "choose_executor",
    "evaluate",
    "evaluate_all",
    "plan",
    "plan_all",
    "read_complete",
    "reverify",
]
