"""What phones do, by what was written of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, Literal, NoReturn, cast, get_args

from attrs import evolve, frozen

from ringback.emulator.engine.arguments import is_phone_number
from ringback.emulator.engine.behaviours import BEHAVIOURS, behaviour
from ringback.emulator.engine.people import (
    AnsweredBy,
    Beep,
    Greet,
    HangUp,
    Hear,
    Pause,
    Press,
    Reply,
    Speak,
)
from ringback.emulator.phone_book.files import node_of_file
from ringback.emulator.phone_book.nodes import Misplaced, Node, node_of, wrong
from ringback.errors import EmulatorError

if TYPE_CHECKING:
    import os
    from collections.abc import Generator

    from ringback.emulator.engine.behaviours import Behaviour
    from ringback.emulator.engine.people import Line, OnCall, Phone, Step

__all__ = ["Entry", "read_entries"]

OnText = Literal["deliver", "undelivered", "fail"]

_FIELDS: Final = ("on_call", "after", "answered_by", "greeting", "script", "on_text", "texts")
_SECONDS: Final = re.compile(r"[0-9]+(\.[0-9]+)?\Z", re.ASCII)
_ADDRESSES: Final = ("client:", "sip:", "sips:", "whatsapp:", "messenger:")
_ALONE: Final = frozenset({"beep", "hangup"})
# What each step takes besides what it is about.
_OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "hear": ("timeout",),
    "press": (),
    "speak": ("seconds",),
    "greet": ("seconds",),
    "beep": (),
    "pause": (),
    "hangup": (),
}


@frozen
class Entry:
    """A phone.

    Attributes:
        where: Where it is written.
        number: Its number.
        on_call: What it does when it rings; None leaves that as it is.
        on_text: What becomes of texts to it; None likewise.
        replies: What it answers to texts.
    """

    where: str
    number: str
    on_call: OnCall | None
    on_text: OnText | None
    replies: tuple[Reply, ...]

    def enter(self, phone: Phone) -> None:
        """Have a phone do this."""
        if self.on_call is not None:
            phone.on_call = self.on_call
        if self.on_text is not None:
            phone.on_text = self.on_text
        if self.replies:
            phone.replies = self.replies


def read_entries(book: str | os.PathLike[str] | Mapping[str, object]) -> tuple[Entry, ...]:
    """The phones of a phone book: of a file's path, or of a mapping like what it says.

    Raises:
        ConfigurationError: ruamel.yaml isn't installed.
        EmulatorError: There is a mistake in it; the message has line and word.
    """
    root = node_of(book, "phones") if isinstance(book, Mapping) else node_of_file(book)
    return tuple(_entry(name, node) for name, node in root.pairs)


def _entry(name: Node, node: Node) -> Entry:
    number = name.text
    if not is_phone_number(number) and not number.startswith(_ADDRESSES):
        wrong(name, f"expected a number such as +15558675310, or client:NAME, got {number!r:.60}")
    if isinstance(node.content, str) and node.content:  # in short
        return Entry(name.where, number, _on_call(node, {"on_call": node}), None, ())
    fields = _fields(node, _FIELDS, f"what {number} does")
    on_text = fields.get("on_text")
    return Entry(
        name.where,
        number,
        _on_call(node, fields),
        None if on_text is None else cast("OnText", _word(on_text, "on_text", get_args(OnText))),
        tuple(_reply(each) for each in fields["texts"].items) if "texts" in fields else (),
    )


def _on_call(node: Node, fields: Mapping[str, Node]) -> OnCall | None:
    if not fields.keys() - {"on_text", "texts"}:
        return None
    named, answered_by, after = fields.get("on_call"), fields.get("answered_by"), fields.get("after")
    found = None if answered_by is None else _word(answered_by, "answered_by", get_args(AnsweredBy))
    steps = _steps(fields["script"]) if "script" in fields else None

    def script(_: Line) -> Iterable[Step]:
        return steps or ()

    with _at(fields.get("greeting", node)):
        return behaviour(
            cast("Behaviour", "answer" if named is None else _word(named, "on_call", BEHAVIOURS)),
            after=None if after is None else _seconds(after, "after"),
            answered_by=cast("AnsweredBy | None", found),
            script=None if steps is None else script,
            greeting=fields["greeting"].text if "greeting" in fields else None,
        )


def _steps(node: Node) -> tuple[Step, ...]:
    return tuple(_step(each) for each in node.items)


def _step(node: Node) -> Step:
    if isinstance(node.content, str):
        word = node.content
        if word not in _OPTIONS:
            _unknown(node, "a step", word, _OPTIONS)
        if word not in _ALONE:
            wrong(node, f"{word}: expected what to {word}, as in `{word}: …`")
        return _MAKERS[word](Node(node.where, ""), {})
    named = [name for name, _ in node.pairs if name.text in _OPTIONS]
    if not named:
        first = node.pairs[0][0] if node.pairs else Node(node.where, "nothing")
        _unknown(first, "a step", first.text, _OPTIONS)
    if len(named) > 1:
        wrong(named[1], f"{named[1].text} is a step of its own: expected a dash before it")
    step = named[0].text
    options = _fields(node, (step, *_OPTIONS[step]), f"options of {step}")
    with _at(options[step], step):
        return _MAKERS[step](options[step], options)


def _length(options: Mapping[str, Node]) -> float | None:
    return _seconds(options["seconds"], "seconds") if "seconds" in options else None


def _hear(value: Node, options: Mapping[str, Node]) -> Step:
    heard = Hear(value.text)
    return evolve(heard, timeout=_seconds(options["timeout"], "timeout")) if "timeout" in options else heard


def _nothing_more(value: Node, made: Step) -> Step:
    if value.content:
        wrong(value, f"expected nothing behind it, got {value.kind}")
    return made


_MAKERS: Final[Mapping[str, Callable[[Node, Mapping[str, Node]], Step]]] = {
    "hear": _hear,
    "press": lambda value, _: Press(value.text),
    "speak": lambda value, options: Speak(value.text, _length(options)),
    "greet": lambda value, options: Greet(value.text, _length(options)),
    "pause": lambda value, _: Pause(_seconds(value, "")),
    "beep": lambda value, _: _nothing_more(value, Beep()),
    "hangup": lambda value, _: _nothing_more(value, HangUp()),
}


def _reply(node: Node) -> Reply:
    fields = _fields(node, ("text", "reply"), "a text and its reply")
    if "reply" not in fields:
        wrong(node, "reply: expected what to answer")
    with _at(node):
        return Reply(fields["text"].text if "text" in fields else "", fields["reply"].text)


def _fields(node: Node, allowed: tuple[str, ...], what: str) -> dict[str, Node]:
    for name, _ in node.pairs:
        if name.text not in allowed:
            _unknown(name, what, name.text, allowed)
    return {name.text: value for name, value in node.pairs}


def _word(node: Node, name: str, allowed: tuple[str, ...]) -> str:
    if node.text not in allowed:
        _unknown(node, name, node.text, allowed)
    return node.text


def _seconds(node: Node, name: str) -> float:
    if not _SECONDS.match(node.text):
        wrong(node, f"{name}{': ' if name else ''}expected seconds, got {node.text!r:.60}")
    return float(node.text)


def _unknown(node: Node, what: str, word: str, allowed: Iterable[str]) -> NoReturn:
    close = get_close_matches(word, allowed, 1)
    hint = f"; did you mean {close[0]}?" if close else ""
    wrong(node, f"{what}: expected one of {', '.join(allowed)}, got {word!r:.60}{hint}")


@contextmanager
def _at(node: Node, name: str = "") -> Generator[None]:
    """Say where it stands what turns out to be wrong in here."""
    try:
        yield
    except Misplaced:
        raise
    except EmulatorError as error:
        wrong(node, f"{name}: {error}" if name else str(error))
