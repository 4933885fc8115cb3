"""A session as it is read: what people did and noticed."""

from __future__ import annotations

import base64
import binascii
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn, cast

from attrs import frozen

from ringback.emulator.engine.people import Attachment
from ringback.errors import EmulatorError

if TYPE_CHECKING:
    import os

__all__ = ["DONE", "NOTICED", "VERSION", "Event", "read_session"]

VERSION: Final = 1
DONE: Final = frozenset({"dial", "answer", "decline", "press", "speak", "beep", "hangup", "text"})
NOTICED: Final = frozenset({"rings", "hears", "reads", "over"})


@frozen
class Event:
    """Something that a person did or noticed; see `engine.acts.Act`.

    Attributes:
        call: Which of the phone's calls, from 1 on; 0 where it is none.
        to: Who is dialled or texted.
        media: Files of a text.
    """

    at: float
    phone: str
    call: int
    did: str
    what: str
    kind: str
    seconds: float
    to: str
    media: tuple[str | Attachment, ...]


def read_session(path: str | os.PathLike[str]) -> tuple[Event, ...]:
    """The events of a session.

    Raises:
        EmulatorError: It is none; the message has the line.
    """
    file = Path(path)
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as unreadable:
        raise EmulatorError(f"{file.name}: can't be read: {unreadable}") from None
    events: list[Event] = []
    for number, line in enumerate(lines, start=1):
        where = f"{file.name}:{number}"
        read = _object(line, where)
        if number == 1 and read.get("session") != VERSION:
            raise EmulatorError(f"{where}: expected a session of version {VERSION}, got {line:.60}")
        if "phone" in read:
            events.append(_event(read, where))
    if not lines:
        raise EmulatorError(f"{file.name}: expected a session, got an empty file")
    return tuple(events)


def _object(line: str, where: str) -> dict[str, object]:
    try:
        read: object = json.loads(line)
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise EmulatorError(f"{where}: expected a JSON object, got {line:.60}")
    return cast("dict[str, object]", read)


def _event(read: dict[str, object], where: str) -> Event:
    did = _text(read, "did", where)
    if did not in DONE | NOTICED:
        _wrong(where, "did", f"one of {', '.join(sorted(DONE | NOTICED))}", did)
    event = Event(
        at=_number(read, "at", where),
        phone=_text(read, "phone", where),
        call=int(_number(read, "call", where)),
        did=did,
        what=_text(read, "what", where),
        kind=_text(read, "kind", where),
        seconds=_number(read, "seconds", where),
        to=_text(read, "to", where),
        media=_files(read, where),
    )
    if did not in {"text", "reads"} and event.call < 1:
        _wrong(where, "call", "which of the phone's calls it was", read.get("call"))
    if did == "press" and event.what == "•":
        _wrong(where, "what", "a key in place of one that was pressed unseen", event.what)
    return event


def _text(read: dict[str, object], name: str, where: str) -> str:
    value = read.get(name, "")
    if not isinstance(value, str):
        _wrong(where, name, "text", value)
    return value


def _number(read: dict[str, object], name: str, where: str) -> float:
    value = read.get(name, 0)
    # Not-a-number is not above nothing, either.
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value < 1e9:
        _wrong(where, name, "a number of at least 0", value)
    return float(value)


def _files(read: dict[str, object], where: str) -> tuple[str | Attachment, ...]:
    files: object = read.get("media", [])
    if not isinstance(files, list):
        _wrong(where, "media", "a list", files)
    return tuple(_file(each, where) for each in cast("list[object]", files))


def _file(file: object, where: str) -> str | Attachment:
    if isinstance(file, str):
        return file
    try:
        parts = cast("dict[str, str]", file)
        return Attachment(base64.b64decode(parts["content"], validate=True), parts["content_type"])
    except (TypeError, KeyError, binascii.Error, ValueError):
        _wrong(where, "media", "URLs, or objects of content_type and content in base 64", file)


def _wrong(where: str, name: str, expected: str, value: object) -> NoReturn:
    raise EmulatorError(f"{where}: {name}: expected {expected}, got {value!r:.60}")
