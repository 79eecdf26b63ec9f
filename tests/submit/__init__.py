"""Submissions: what they are, how they run, and how their results are filed."""
