"""`ringback emulator`: the emulator as a server."""

from __future__ import annotations

import argparse
import os
from datetime import datetime, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Protocol

    class _Subparsers(Protocol):
        def add_parser(self, name: str, *, help: str, description: str) -> argparse.ArgumentParser: ...


__all__ = ["add_parser"]

_DESCRIPTION = """\
Serve Twilio's REST API on this machine, with an emulated phone and messaging network behind it. Point a
client at it (base_url), give it numbers whose URLs lead to your application, and drive phones through
/_emulator/.
With --account-sid the auth token is taken from TWILIO_AUTH_TOKEN.
"""


def add_parser(subparsers: _Subparsers) -> None:
    """Add the subcommand; `arguments.run(arguments)` then runs it and gives the exit code."""
    parser = subparsers.add_parser("emulator", help="serve the emulator", description=_DESCRIPTION)
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=4010, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--clock", choices=("real", "auto"), default="real", help="how time passes")
    parser.add_argument("--speed", type=_speed, default=1.0, help="virtual seconds a second (default: 1)")
    parser.add_argument("--seed", default="ringback", help="what SIDs are made from")
    parser.add_argument("--account-sid", help="the main account (default: an obviously emulated one)")
    parser.add_argument(
        "--number",
        action="append",
        type=_number,
        default=[],
        metavar="NUMBER[=URL]",
        help="a number of the account, and the URL that its calls and texts are asked about; repeatable",
    )
    parser.add_argument("--any-host", action="store_true", help="send webhooks to other machines too")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from ringback.emulator.emulator import ACCOUNT_SID, AUTH_TOKEN, Emulator
    from ringback.emulator.server import serve

    account_sid: str = arguments.account_sid or ACCOUNT_SID
    own_token = os.environ.get("TWILIO_AUTH_TOKEN") if arguments.account_sid else None
    with Emulator(
        account_sid=account_sid,
        auth_token=own_token or AUTH_TOKEN,
        clock=arguments.clock,
        speed=arguments.speed,
        seed=arguments.seed,
        start=datetime.now(timezone.utc),
        any_host=arguments.any_host,
    ) as emulator:
        for number, url in arguments.number:
            emulator.number(number, voice_url=url, sms_url=url)

        def ready(url: str) -> None:
            print(f"ringback emulator at {url}", flush=True)
            print(f"  account  {account_sid}", flush=True)
            print(f"  token    {'from TWILIO_AUTH_TOKEN' if own_token else AUTH_TOKEN}", flush=True)
            print(f"  control  {url}/_emulator/", flush=True)

        serve(emulator, host=arguments.host, port=arguments.port, ready=ready)
    return 0


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"expected a port from 0 to 65535, got {text!r}")
    return int(text)


def _number(text: str) -> tuple[str, str]:
    number, given, url = text.partition("=")
    if given and not url.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError(f"expected NUMBER=URL with an http or https URL, got {text!r}")
    return number, url


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text!r}")
    return speed
