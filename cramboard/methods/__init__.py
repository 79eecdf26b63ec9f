"""Methods: everything that makes vectors. One module a method, found by its name; none knows the verifier."""

from cramboard.methods.catalog import ChosenMethod, choose_method, method_names
from cramboard.methods.interface import Assignment, CurvePoint, Made, MethodKind, Request

__all__ = [
    "Assignment",
    "ChosenMethod",
    "CurvePoint",
    "Made",
    "MethodKind",
    "Request",
    "choose_method",
    "method_names",
]
