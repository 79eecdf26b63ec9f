"""The command line: one file a command, imported when it is called.

Progress goes to stderr (nothing off a terminal), data to stdout. Exit codes are in `cramboard.errors`.
"""

import importlib
import os
import sys
from typing import Any

import click

from cramboard import __version__
from cramboard.errors import CramboardError

# In the order in which a person meets them.
COMMANDS = ("evaluate", "verify", "view", "status", "tasks", "submit", "leaderboard")

# What follows \b keeps its lines, so that the command can be copied.
_HELP = """Measure how many tokens one vector of a frozen language model holds.

Start with:

\b
cramboard evaluate -t speeches -d smollm2-135m-instruct-q4_1 -m cram \\
    --preset quick --limit 4
"""


class _Commands(click.Group):
    """Finds a command in the module of its name, so that `--help` loads nothing heavy."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"cramboard.cli.{cmd_name}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # The reader has what it wanted, as in `cramboard tasks show speeches | head`.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "CRAMBOARD"},
    help=_HELP,
)
@click.version_option(__version__, prog_name="cramboard")
def main() -> None:
    """Hold the commands; what a person reads of them is `_HELP`."""


def entry(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code; every foreseen error is one line on stderr."""
    sys.exit(_run(main, arguments))


def _run(command: click.Command, arguments: list[str] | None) -> int:
    try:
        result: Any = command.main(args=arguments, prog_name="cramboard", standalone_mode=False)
    except CramboardError as error:
        return _say(str(error), error.exit_code)
    except (click.exceptions.Abort, KeyboardInterrupt):
        return _say("interrupted; what is finished is kept, the same command goes on from there", 130)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f"; see {context.command_path} --help" if context else ""
        return _say(error.format_message().removesuffix(".") + hint, error.exit_code)
    except MemoryError:
        return _say("out of memory; give a smaller --batch-size", 4)
    except RuntimeError as error:
        if type(error).__name__ != "OutOfMemoryError":  # torch's; named, so that torch need not be imported.
            raise
        return _say("out of memory on the device; give a smaller --batch-size or another --device", 4)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        return _say(f"{place}{error.strerror or error}", 4)
    return result if isinstance(result, int) else 0


def _say(text: str, code: int) -> int:
    from cramboard.cli.output import printable

    click.echo(f"cramboard: {printable(text)}", err=True)
    return code
