"""Whatever kills a run, the same command completes it, and what was finished is never made again."""
