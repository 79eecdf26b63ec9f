"""Run a stranger's code where it can read only what it is given and write only what is looked at afterwards."""

from cramboard.sandbox.cage import available, run_isolated
from cramboard.sandbox.limits import Command, Ended, Handover, Limits, too_long

__all__ = ["Command", "Ended", "Handover", "Limits", "available", "run_isolated", "too_long"]
