"""The `ringback` command: `ringback emulator`, `ringback twiml check|python|show` and `ringback explain`."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, cast

from ringback._core.version import __version__
from ringback.emulator import cli as emulator_cli
from ringback.emulator.state import cli as state_cli
from ringback.error_codes import cli as error_codes_cli
from ringback.errors import RingbackError
from ringback.twiml import cli as twiml_cli

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status: 0 done, 1 problems found, 2 wrong usage."""
    parser = argparse.ArgumentParser(
        prog="ringback", description="Build on Twilio, typed, without an account."
    )
    parser.add_argument("--version", action="version", version=f"ringback {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    emulator_cli.add_parser(commands)
    state_cli.add_parser(commands)
    twiml_cli.add_parser(commands)
    error_codes_cli.add_parser(commands)
    options = parser.parse_args(arguments)
    run = cast("Callable[[argparse.Namespace], int]", options.run)
    try:
        status = run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads has had enough, as `| head` has; on its way out Python would stumble over it again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except RingbackError as error:
        sys.stderr.write(f"ringback: {error}\n")
        return 2
    return status


if __name__ == "__main__":
    sys.exit(main())
