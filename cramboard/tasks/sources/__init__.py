"""Where texts come from, each pinned: an installed package, public archives, a Hub dataset, or a seed alone.

A source gives the raw text of files by name, checked against what its task pins. It knows nothing of samples.
"""

from cramboard.tasks.sources.opening import open_source
from cramboard.tasks.sources.source import Source

__all__ = ["Source", "open_source"]
