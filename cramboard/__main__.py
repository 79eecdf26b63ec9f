"""`python -m cramboard` is the command `cramboard`."""

from cramboard.cli import entry

if __name__ == "__main__":
    entry()
