"""`ringback explain 21211` and `ringback explain "opt out"`."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ringback.error_codes import ErrorMeaning

__all__ = ["add_parser"]

_EXAMPLES: Final = """\
examples:
  ringback explain 21211
  ringback explain 11200 12100 30007
  ringback explain "opt out"
  ringback explain --json 21211

Exit status: 0 all was found, 1 something wasn't, 2 wrong usage.
"""

_LONGEST_CODE: Final = 9
_LONGEST_SHOWN: Final = 80
_PRESUMED: Final = " (presumed)"
_PLACES: Final = {
    "any": "any REST request",
    "any.list": "any list",
    "call": "a call while it goes on",
    "client": "access tokens and Voice SDKs",
    "message": "a message on its way",
    "twiml": "any TwiML document",
    "webhook": "a request to the application",
}


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command `explain` to those of a program."""
    parser = commands.add_parser(
        "explain",
        help="tell what Twilio's error codes mean",
        description="Tell what Twilio's error and warning codes mean, or find the codes for some words.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "wanted",
        nargs="+",
        type=_wanted,
        metavar="CODE | WORDS",
        help="codes; or words, for the codes whose meaning has all of them",
    )
    parser.add_argument("--json", action="store_true", help="print a list of objects")
    parser.set_defaults(run=_run)


def _wanted(text: str) -> str:
    if not any(character.isalnum() for character in text):
        raise argparse.ArgumentTypeError(f"expected a code such as 21211, or words, got {_shown(text)}")
    return text


def _run(options: argparse.Namespace) -> int:
    wanted: list[str] = options.wanted
    codes = all(each.isascii() and each.isdecimal() for each in wanted)
    found, missing = _explained(wanted) if codes else _searched(" ".join(wanted))
    if options.json:
        sys.stdout.write(f"{json.dumps([_record(each) for each in found], indent=2)}\n")
    elif codes:
        sys.stdout.write("\n".join(map(_told, found)))
    else:
        sys.stdout.writelines(f"{each.code}  {each.level:7}  {each.meaning}\n" for each in found)
    sys.stdout.flush()  # what is missing is told below what was found
    sys.stderr.writelines(f"ringback explain: {each}\n" for each in missing)
    return int(bool(missing))


def _explained(wanted: list[str]) -> tuple[list[ErrorMeaning], list[str]]:
    """The codes that are known, and what to say of the others."""
    from ringback.error_codes import explain, nearest

    found: list[ErrorMeaning] = []
    missing: list[str] = []
    for text in dict.fromkeys(wanted):
        code = int(text[:_LONGEST_CODE])
        meaning = explain(code) if len(text) <= _LONGEST_CODE else None
        if meaning is not None:
            found.append(meaning)
            continue
        like = "\n".join(f"  {each.code}  {each.meaning}" for each in nearest(code))
        missing.append(f"no code {text[:_LONGEST_SHOWN]} is known; the nearest are\n{like}")
    return found, missing


def _searched(text: str) -> tuple[list[ErrorMeaning], list[str]]:
    from ringback.error_codes import search

    found = list(search(text))
    return found, [] if found else [f"no code has a meaning with {_shown(text)} in it; try fewer words"]


def _told(meaning: ErrorMeaning) -> str:
    guess = _PRESUMED if meaning.presumed else ""
    lines = [f"{meaning.code}  {meaning.meaning}", f"  level        {meaning.level} ({meaning.product})"]
    if meaning.status is not None:
        lines.append(f"  HTTP status  {meaning.status}{guess}")
    if meaning.places:
        lines.append(f"  where        {'; '.join(map(_place, meaning.places))}{guess}")
    return "\n".join([*lines, f"  docs         {meaning.url}", ""])


def _place(place: str) -> str:
    if place.startswith("<"):
        return place
    where, _, parameter = place.partition(" ")
    said = _PLACES.get(where) or f"client.{where.replace('()', '(sid)')}"
    return f"{said}, parameter {parameter}" if parameter else said


def _record(meaning: ErrorMeaning) -> dict[str, object]:
    return {
        "code": meaning.code,
        "level": meaning.level,
        "product": meaning.product,
        "meaning": meaning.meaning,
        "status": meaning.status,
        "presumed": meaning.presumed,
        "places": meaning.places,
        "url": meaning.url,
    }


def _shown(text: str) -> str:
    return ascii(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…")
