"""The commands; the only place that prints."""

import atexit
import gc
import sys
from collections.abc import Callable
from typing import Final

import typer

from sim.cli import campus, experiments, files, folders, live, region
from sim.cli.app import app, worded
from sim.errors import HashballastError, printable

COLLECTED_AFTER_COUNT: Final = 50_000
"""Objects made before Python looks for garbage among them: what is imported stays, and looking for it costs a
short command an eighth."""

STOPPED: Final = 130
"""The exit code after Ctrl-C."""


def main(arguments: list[str] | None = None) -> None:
    """Run a command; what is wrong with the user's input is said in plain lines, and the exit code is 2."""
    gc.set_threshold(COLLECTED_AFTER_COUNT)
    if arguments is None:  # a process of its own: at its end nobody need look for garbage in all that it has
        atexit.register(gc.freeze)
    command: Callable[..., object] = worded(typer.main.get_command(app))
    try:
        command(args=arguments, prog_name="hashballast")
    except HashballastError as error:
        sys.stderr.write(f"{printable(str(error))}\n")
        sys.exit(2)
    except OSError as error:  # such as a folder that is gone, or may not be read
        place = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(f"{place}{error.strerror or error}\n")
        sys.exit(2)
    except SystemExit as ending:
        if ending.code == STOPPED:
            sys.stderr.write("stopped\n")
        raise


__all__ = ["app", "campus", "experiments", "files", "folders", "live", "main", "region"]
