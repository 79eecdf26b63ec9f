"""What the published protocols share: a batch of samples, each optimised by a protocol's own rules as if it were alone.

A protocol is a `Recipe`: its optimiser, its start, its rule of what is kept and when a sample ends. Its figures, and
the faults that can be switched on, are the settings in the protocol's own file.
"""

from cramboard.methods.published.forms import Direct, Form, Projected
from cramboard.methods.published.recipe import Recipe, Rule, Seen, Verdict, check_layout
from cramboard.methods.published.run import follow

__all__ = ["Direct", "Form", "Projected", "Recipe", "Rule", "Seen", "Verdict", "check_layout", "follow"]
