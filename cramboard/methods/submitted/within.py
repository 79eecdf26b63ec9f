"""Hold all processes of an encoder together to one time: an encoder that hangs must not hang what tries it."""

from dataclasses import replace
from time import monotonic

from cramboard.methods.submitted.encoder import Runner
from cramboard.sandbox import Command, Ended, too_long


def within(runner: Runner, seconds: float) -> Runner:
    """Return `runner` for `seconds` from its first command on; installing requirements comes before and is not in them.

    A failed unit is tried again in parts, so a limit for each process would not bound the whole.
    """
    end: float | None = None

    def run(command: Command) -> Ended:
        nonlocal end
        end = end or monotonic() + seconds
        left = max(0.1, end - monotonic())
        limits = replace(command.limits, seconds=min(left, command.limits.seconds))
        ended = runner(replace(command, limits=limits))
        if left == limits.seconds and ended.reason == too_long(limits):
            return replace(
                ended,
                reason=f"took longer than {seconds:g} s in all; look for what waits, or loads or computes that long",
            )
        return ended

    return run
