"""The leaderboard website: static pages from submissions and published figures."""

from cramboard.board.site.build import MARKER, Around, build_site
from cramboard.board.site.entries import Submission
from cramboard.board.site.local import local_submission
from cramboard.board.site.read import Found, Tasks, read_submissions
from cramboard.board.site.standings import Rules

__all__ = [
    "MARKER", "Around", "Found", "Rules", "Submission", "Tasks", "build_site", "local_submission", "read_submissions",
]  # fmt: skip
