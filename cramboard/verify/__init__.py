"""Verification: one piece of code turns certificates back into text and makes every score that is shown."""

from cramboard.verify.confirm import Confirmation, confirm
from cramboard.verify.horizons import confirm_horizons
from cramboard.verify.verifier import VERIFIER_VERSION, check_claims, measurement_key, verify

__all__ = [
    "VERIFIER_VERSION",
    "Confirmation",
    "check_claims",
    "confirm",
    "confirm_horizons",
    "measurement_key",
    "verify",
]
