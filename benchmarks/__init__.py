"""What made the project's figures on speed: `python -m benchmarks`, or `make bench`."""
