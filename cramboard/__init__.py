"""cramboard measures how many tokens one input vector of a frozen language model holds."""

__version__ = "0.1.0"
