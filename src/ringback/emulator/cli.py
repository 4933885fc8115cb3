"""`ringback emulator`: the emulator as a server."""

from __future__ import annotations

import argparse
import os
import re
import sys
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from ringback.errors import EmulatorError

if TYPE_CHECKING:
    from typing import Protocol

    class _Subparsers(Protocol):
        def add_parser(self, name: str, *, help: str, description: str) -> argparse.ArgumentParser: ...


__all__ = ["add_parser"]

_PARAMETERS = {"voice": "voice_url", "sms": "sms_url", "status": "status_callback"}
_EXAMPLE = ", as in +15017122661=http://localhost:8000/phone/greet"

_DESCRIPTION = """\
Serve Twilio's REST API on this machine, with an emulated phone and messaging network behind it. Point a
client at it (base_url), give it numbers whose URLs lead to your application, and drive phones through
/_emulator/. Prints a line for every call, text and webhook, and for one that failed the reason and the body;
and a line with the reason for every request that is refused.
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
        metavar="NUMBER[=URL | ,voice=URL,sms=URL,status=URL]",
        help="a number of the account, and the URL that its calls and texts are asked about, as in "
        "+15017122661=http://localhost:8000/phone/greet; or a URL each for calls, texts and the ends of "
        "calls, any of them, as in +15017122661,voice=http://localhost:8000/in,"
        "sms=http://localhost:8000/text; repeatable",
    )
    parser.add_argument(
        "--state",
        metavar="FILE",
        help="keep records in this SQLite file, and begin with those that it holds; it holds credentials",
    )
    parser.add_argument(
        "--phones",
        metavar="FILE",
        help="a phone book in YAML: phones by number, and what they do about calls and texts",
    )
    parser.add_argument(
        "--record",
        metavar="FILE",
        help="write the session to this file, to be replayed as a test; what people press and say is in it",
    )
    parser.add_argument(
        "--chaos",
        default="",
        metavar="WORDS",
        help="what goes wrong on purpose, decided by the seed: late, doubled, reordered, lost, slow, 429, "
        "5xx, lost-answers, each with a share where another than the usual one is meant, as in "
        '"doubled lost=0.5"',
    )
    parser.add_argument("--any-host", action="store_true", help="send webhooks to other machines too")
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        help="a host name that clients reach the emulator by, besides localhost and addresses; repeatable",
    )
    parser.add_argument(
        "--strict", action="store_true", help="take TwiML that the schema doesn't allow for an error"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from ringback.emulator.emulator import ACCOUNT_SID, AUTH_TOKEN, Emulator
    from ringback.emulator.printing import Printer
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
        strict=arguments.strict,
        state=arguments.state,
        chaos=arguments.chaos,
        phones=arguments.phones,
        record=arguments.record,
    ) as emulator:
        for number, urls in arguments.number:
            for url in urls.values():
                _check_reach(url, any_host=arguments.any_host)
            emulator.number(number, **urls)
        with emulator.held() as network:
            network.watchers.append(Printer(sys.stdout, network.transcript.title, network.masked))

        def ready(url: str) -> None:
            print(f"ringback emulator at {url}", flush=True)
            print(f"  account  {account_sid}", flush=True)
            print(f"  token    {'from TWILIO_AUTH_TOKEN' if own_token else AUTH_TOKEN}", flush=True)
            print(f"  control  {url}/_emulator/", flush=True)

        serve(emulator, host=arguments.host, port=arguments.port, names=arguments.name, ready=ready)
    return 0


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"expected a port from 0 to 65535, got {text!r}")
    return int(text)


def _number(text: str) -> tuple[str, dict[str, str]]:
    """A number, and its URLs by the parameters of `Emulator.number`."""
    from ringback.emulator.engine.arguments import is_phone_number
    from ringback.emulator.engine.urls import WebUrl, shown

    number = re.split(r"[=,]", text, maxsplit=1)[0]
    parted, rest = text[len(number) : len(number) + 1], text[len(number) + 1 :]
    if not is_phone_number(number):
        raise argparse.ArgumentTypeError(
            f"{number!r} is no phone number: expected one such as +15017122661{_EXAMPLE}"
        )
    if parted != ",":
        urls = {"voice_url": rest, "sms_url": rest} if parted else {}
    else:
        urls = {}
        # A URL may hold commas: only one before a known name parts.
        for piece in re.split(r",(?=(?:voice|sms|status)=)", rest):
            name, _, url = piece.partition("=")
            if name not in _PARAMETERS:
                raise argparse.ArgumentTypeError(
                    f"{piece!r} is no URL of a number: expected voice=URL, sms=URL or status=URL{_EXAMPLE}"
                )
            urls[_PARAMETERS[name]] = url
    for url in urls.values():
        if WebUrl.parse(url) is None:
            raise argparse.ArgumentTypeError(f"{shown(url)!r} is no absolute http or https URL{_EXAMPLE}")
    return number, urls


def _check_reach(url: str, *, any_host: bool) -> None:
    from ringback.emulator.engine.urls import WebUrl, shown

    parsed = WebUrl.parse(url)
    if parsed is not None and not parsed.local and not any_host:
        raise EmulatorError(
            f"--number: {shown(url)} is on another machine: add --any-host to have webhooks sent there"
        )


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text!r}")
    return speed
