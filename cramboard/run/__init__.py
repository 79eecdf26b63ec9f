"""Runs: plan work units, execute them through one seam, keep what is finished, resume. No science lives here."""

from cramboard.run.evaluate import Asked, Outcome, evaluate, plan
from cramboard.run.folder import RunFolder
from cramboard.run.observer import Observer
from cramboard.run.reverify import Reverified, reverify

__all__ = ["Asked", "Observer", "Outcome", "Reverified", "RunFolder", "evaluate", "plan", "reverify"]
