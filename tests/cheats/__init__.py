"""Submissions that cheat, and how each is caught."""
