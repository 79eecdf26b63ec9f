"""Tests of the GitHub workflows."""
