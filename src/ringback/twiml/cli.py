"""`ringback twiml check | python | show`.

`add_parser` hangs the commands into a parser; each sets `run`, which takes the parsed arguments and returns
the exit status: 0 where all is well, 1 where there are errors, 2 where a file can't be read.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, TextIO

from ringback.errors import ConfigurationError, TwimlError
from ringback.twiml import tables
from ringback.twiml.converting import to_python
from ringback.twiml.drawing import Paint, draw
from ringback.twiml.linting import check_rules
from ringback.twiml.reports import FORMATS, Checked
from ringback.twiml.rules import RULES
from ringback.twiml.validating import check_schema
from ringback.twiml.xml import MAX_SIZE, NotXml, decode, read_xml

if TYPE_CHECKING:
    from ringback.twiml.problems import Problem
    from ringback.twiml.tables import DocumentName

__all__ = ["add_parser"]


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command `twiml` to those of a program."""
    twiml = commands.add_parser("twiml", help="check, convert and draw TwiML documents")
    actions = twiml.add_subparsers(dest="twiml_command", required=True, metavar="COMMAND")

    check = actions.add_parser("check", help="tell what is wrong with documents")
    check.add_argument("files", nargs="+", metavar="FILE", help="a document, or - for standard input")
    check.add_argument(
        "--format", choices=list(FORMATS), default="text", help="how to tell it (default: text)"
    )
    check.add_argument(
        "--ignore",
        action="append",
        default=[],
        choices=[rule.code for rule in RULES],
        metavar="CODE",
        help="leave a rule out (RB…); may be repeated",
    )
    check.add_argument("--fail-on-warnings", action="store_true", help="exit with 1 for warnings, too")
    check.set_defaults(run=_check)

    convert = actions.add_parser("python", help="print the Python that builds a document")
    convert.add_argument("files", nargs=1, metavar="FILE", help="a document, or - for standard input")
    convert.set_defaults(run=_python)

    show = actions.add_parser("show", help="draw a document as a tree")
    show.add_argument("files", nargs=1, metavar="FILE", help="a document, or - for standard input")
    show.set_defaults(run=_show)

    for parser in (check, convert, show):
        parser.add_argument(
            "--document",
            choices=["voice", "messaging"],
            help="what the document is (default: guessed from its verbs)",
        )
    for parser in (check, show):
        parser.add_argument(
            "--color", choices=["auto", "always", "never"], default="auto", help="whether to use colours"
        )


def _check(options: argparse.Namespace) -> int:
    files: list[Checked] = []
    unread = 0
    for name in options.files:
        try:
            xml = _read(name)
        except (OSError, ValueError) as error:
            # What can be read is reported all the same.
            unread = _complain(name, getattr(error, "strerror", None) or str(error))
            continue
        try:
            problems = _problems(xml, options.document, options.ignore)
        except ConfigurationError as error:
            return _complain("ringback twiml check", str(error))
        files.append(Checked("<stdin>" if name == "-" else name, _text(xml), problems))
    sys.stdout.write(FORMATS[options.format](files, _paint(options.color, sys.stdout)))
    severities = {problem.severity for file in files for problem in file.problems}
    return unread or int("error" in severities or (options.fail_on_warnings and "warning" in severities))


def _problems(xml: bytes, document: DocumentName | None, ignore: list[str]) -> list[Problem]:
    try:
        root = read_xml(xml)
    except NotXml as error:
        return [error.problem]
    kind = document or tables.guess(root)
    found = check_schema(root, kind) + check_rules(root, kind, xml, ignore)
    return sorted(found, key=lambda problem: (problem.line, problem.column))


def _python(options: argparse.Namespace) -> int:
    name = options.files[0]
    try:
        xml = _read(name)
        sys.stdout.write(to_python(xml, document=options.document))
    except OSError as error:
        return _complain(name, error.strerror or str(error))
    except TwimlError as error:
        return _complain(name, str(error), 1)
    _tell_invalid(name, xml, options.document)
    return 0


def _tell_invalid(name: str, xml: bytes, document: DocumentName | None) -> None:
    """Say what is wrong with a document that was converted as it is; standard output is for the Python."""
    try:
        problems = [each for each in _problems(xml, document, []) if each.severity == "error"]
    except ConfigurationError:
        problems = []
    if problems:
        _complain(name, "not valid TwiML; what the schema doesn't know became Raw and extra_attributes")
    for problem in problems:
        sys.stderr.write(f"{name}:{problem}\n")


def _show(options: argparse.Namespace) -> int:
    name = options.files[0]
    try:
        tree = draw(_read(name), document=options.document, paint=_paint(options.color, sys.stdout))
    except OSError as error:
        return _complain(name, error.strerror or str(error))
    except NotXml as error:
        return _complain(name, str(error), 1)
    sys.stdout.write(tree)
    return 0


def _read(name: str) -> bytes:
    """A file, or as much of it as shows that it is too large."""
    if name == "-":
        return sys.stdin.buffer.read(MAX_SIZE + 1)
    with open(name, "rb") as file:  # noqa: PTH123  (a name is all there is)
        return file.read(MAX_SIZE + 1)


def _text(xml: bytes) -> str:
    try:
        return decode(xml)
    except NotXml:
        return xml[:MAX_SIZE].decode("utf-8", "replace")


def _paint(wish: str, stream: TextIO) -> Paint:
    # https://no-color.org
    on = wish == "always" or (wish == "auto" and stream.isatty() and not os.environ.get("NO_COLOR"))
    return Paint(on=on)


def _complain(name: str, message: str, status: int = 2) -> int:
    sys.stderr.write(f"{name}: {message}\n")
    return status
