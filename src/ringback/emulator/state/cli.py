"""`ringback state`: what a running emulator knows, to a file and back."""

from __future__ import annotations

import argparse
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from ringback.errors import EmulatorError

if TYPE_CHECKING:
    from typing import Protocol

    class _Subparsers(Protocol):
        def add_parser(self, name: str, *, help: str, description: str) -> argparse.ArgumentParser: ...


__all__ = ["add_parser"]

_DESCRIPTION = """\
Save what a running emulator knows to a file, have it know that again, or have it forget everything:
`ringback state save before.json`, `ringback state load before.json`, `ringback state reset`. The file holds
the credentials of the emulated accounts.
"""


def add_parser(subparsers: _Subparsers) -> None:
    """Add the subcommand; `arguments.run(arguments)` then runs it and gives the exit code."""
    parser = subparsers.add_parser(
        "state", help="save, load or reset an emulator's state", description=_DESCRIPTION
    )
    parser.add_argument("action", choices=("save", "load", "reset"))
    parser.add_argument("file", nargs="?", help="where to save to, or load from")
    parser.add_argument("--url", default="http://127.0.0.1:4010", help="the emulator (default: %(default)s)")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    action: str = arguments.action
    file = Path(arguments.file) if arguments.file else None
    if (file is None) is (action != "reset"):
        raise EmulatorError(f"state {action}: {'takes no file' if file else 'name a file'}")
    try:
        if file is None:
            _ask(arguments.url, "reset", b"")
        elif action == "load":
            _ask(arguments.url, "restore", file.read_bytes())
        else:
            content = _ask(arguments.url, "snapshot", None)
            file.touch(mode=0o600)
            file.write_bytes(content)
    except OSError as error:
        raise EmulatorError(f"state {action}: {error}") from None
    return 0


def _ask(url: str, what: str, body: bytes | None) -> bytes:
    address = f"{url.rstrip('/')}/_emulator/{what}"
    if not address.startswith(("http://", "https://")):
        raise EmulatorError(f"--url: expected an http URL, got {url!r:.200}")
    try:
        with urllib.request.urlopen(urllib.request.Request(address, data=body)) as answer:  # noqa: S310
            content: bytes = answer.read()
            return content
    except urllib.error.HTTPError as error:
        raise EmulatorError(f"{address}: {error.read().decode(errors='replace')[:500]}") from None
