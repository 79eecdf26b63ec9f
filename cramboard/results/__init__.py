"""Results: from verified samples to the numbers that are shown (no decoder, no vectors, no texts)."""

from cramboard.results.aggregate import summarise
from cramboard.results.bootstrap import mean_interval
from cramboard.results.gap import Beside, Gap, Measured, Paired, flagged, gap, sealed_gap
from cramboard.results.table import Row, closing_rows, length_rows, print_curve, print_summary

__all__ = [
    "Beside",
    "Gap",
    "Measured",
    "Paired",
    "Row",
    "closing_rows",
    "flagged",
    "gap",
    "length_rows",
    "mean_interval",
    "print_curve",
    "print_summary",
    "sealed_gap",
    "summarise",
]
