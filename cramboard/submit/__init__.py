"""Submissions: begun from a skeleton, checked before anyone else sees them, and given their verified results."""
