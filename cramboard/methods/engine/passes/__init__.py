"""The seam between the search and the decoder: one pass forward and back for all samples of a step."""

from cramboard.methods.engine.passes.choose import choose_pass
from cramboard.methods.engine.passes.interface import Pass

__all__ = ["Pass", "choose_pass"]
