"""The page of findings: what the results on the board say about the claims, each number with its file."""

from cramboard.board.findings.page import findings
from cramboard.board.findings.results import Evidence

__all__ = ["Evidence", "findings"]
