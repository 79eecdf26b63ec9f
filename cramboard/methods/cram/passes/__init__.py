"""The seam between the search and the decoder: one pass forward and back for all samples of a step."""

from cramboard.methods.cram.passes.choose import choose_pass
from cramboard.methods.cram.passes.interface import Pass

__all__ = ["Pass", "choose_pass"]
