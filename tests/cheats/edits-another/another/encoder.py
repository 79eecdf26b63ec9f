"""Another submission, spoiled."""

raise SystemExit
