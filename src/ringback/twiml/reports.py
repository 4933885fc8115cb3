"""Problems of several files, in the formats that people and their tools read."""

from __future__ import annotations

import json
import re
from pathlib import PurePath
from typing import TYPE_CHECKING
from urllib.parse import quote

from attrs import asdict, frozen

from ringback._core.version import __version__
from ringback.twiml.problems import NOT_SCHEMA, NOT_XML
from ringback.twiml.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ringback.twiml.drawing import Paint
    from ringback.twiml.problems import Problem

__all__ = ["FORMATS", "Checked"]

MAX_EXCERPT = 100


@frozen
class Checked:
    """A file that was looked at.

    Attributes:
        name: Its path as it was given, or `<stdin>`.
        text: What is in it, as far as it can be read; for excerpts.
        problems: What is wrong with it.
    """

    name: str
    text: str
    problems: list[Problem]


def as_text(files: Sequence[Checked], paint: Paint) -> str:
    """For people, in the manner of a compiler."""
    lines: list[str] = []
    colours = {"error": paint.red, "warning": paint.yellow, "note": paint.cyan}
    for file in files:
        source = file.text.splitlines()
        for problem in file.problems:
            place = f"{file.name}:{problem.line}:{problem.column}" if problem.line else file.name
            label = colours[problem.severity](f"{problem.severity}[{problem.code}]")
            lines.append(f"{paint.bold(place)}: {label}: {problem.message}")
            if 0 < problem.line <= len(source):
                excerpt, caret = _excerpt(source[problem.line - 1], problem.column)
                margin = " " * len(str(problem.line))
                lines.append(f"  {paint.faint(f'{problem.line} |')} {excerpt}")
                lines.append(f"  {paint.faint(f'{margin} |')} {' ' * caret}{colours[problem.severity]('^')}")
            if problem.suggestion:
                lines.append(f"  {paint.green('help:')} {problem.suggestion}")
    return "\n".join([*lines, _summary(files, paint)]) + "\n"


def _excerpt(line: str, column: int) -> tuple[str, int]:
    """The line, or the part of it that matters, and where the column is in that."""
    start = max(0, column - MAX_EXCERPT // 2) if len(line) > MAX_EXCERPT else 0
    part = line[start : start + MAX_EXCERPT]
    # A file that is hostile to the terminal is shown without its control characters.
    return "".join(character if character.isprintable() else " " for character in part), column - 1 - start


def _summary(files: Sequence[Checked], paint: Paint) -> str:
    severities = [problem.severity for file in files for problem in file.problems]
    counts = [(severities.count(name), name) for name in ("error", "warning", "note")]
    found = ", ".join(f"{count} {name}{'s' if count > 1 else ''}" for count, name in counts if count)
    inspected = f"{len(files)} file{'s' if len(files) != 1 else ''}"
    if not found:
        return paint.green(f"{inspected}: no problems")
    return paint.bold(f"{inspected}: {found}")


def as_json(files: Sequence[Checked], _: Paint) -> str:
    """For programs: a list of problems."""
    problems = [{"file": file.name, **asdict(problem)} for file in files for problem in file.problems]
    return json.dumps(problems, indent=2, ensure_ascii=False) + "\n"


def as_sarif(files: Sequence[Checked], _: Paint) -> str:
    """SARIF 2.1.0, for code scanning."""
    rules = [
        {"id": NOT_XML, "shortDescription": {"text": "not well-formed XML"}, "helpUri": _twilio(NOT_XML)},
        {"id": NOT_SCHEMA, "shortDescription": {"text": "no valid TwiML"}, "helpUri": _twilio(NOT_SCHEMA)},
        *(
            {
                "id": rule.code,
                "shortDescription": {"text": rule.name},
                "help": {"text": f"See docs/twiml-rules/{rule.code}.md in the sources of ringback."},
                "defaultConfiguration": {"level": rule.severity},
            }
            for rule in RULES
        ),
    ]
    run = {
        "tool": {
            "driver": {
                "name": "ringback twiml check",
                "version": __version__,
                "rules": rules,
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(file, problem) for file in files for problem in file.problems],
    }
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _result(file: Checked, problem: Problem) -> dict[str, object]:
    place: dict[str, object] = {"artifactLocation": {"uri": _uri(file.name)}}
    if problem.line:
        place["region"] = {"startLine": problem.line, "startColumn": problem.column}
    location: dict[str, object] = {"physicalLocation": place}
    if problem.path:
        location["logicalLocations"] = [{"fullyQualifiedName": problem.path}]
    return {
        "ruleId": problem.code,
        "level": problem.severity,
        "message": {"text": _sentence(problem)},
        "locations": [location],
    }


def _uri(name: str) -> str:
    """A file's name as a URI reference: whatever isn't allowed there is escaped."""
    path = PurePath(name)
    if path.drive and path.is_absolute():
        # A shared folder of Windows begins with the name of its host: //host/share.
        shared = path.drive.startswith("\\\\")
        return f"file:{'' if shared else '///'}{quote(path.as_posix(), safe='/:')}"
    # Two slashes would begin the name of a host.
    return quote(re.sub("^/+", "/", path.as_posix()).encode(errors="surrogateescape"))


def as_github(files: Sequence[Checked], _: Paint) -> str:
    """Workflow commands, which GitHub shows beside the lines of a pull request."""
    kinds = {"error": "error", "warning": "warning", "note": "notice"}
    lines = [
        f"::{kinds[problem.severity]} file={_property(file.name)},line={max(problem.line, 1)},"
        f"col={max(problem.column, 1)},title={problem.code}::{_data(_sentence(problem))}\n"
        for file in files
        for problem in file.problems
    ]
    return "".join(lines)


def _sentence(problem: Problem) -> str:
    return f"{problem.message} ({problem.suggestion})" if problem.suggestion else problem.message


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _twilio(code: str) -> str:
    return f"https://www.twilio.com/docs/api/errors/{code}"


FORMATS: dict[str, Callable[[Sequence[Checked], Paint], str]] = {
    "text": as_text,
    "json": as_json,
    "sarif": as_sarif,
    "github": as_github,
}
