"""Tests of the aggregates and of the closing table."""
