"""Tests of certificate."""
