"""What happens, as lines on a terminal: a line for every call, text and webhook, as it happens.

      0.0  call 1         +15558675310   dials +15017122661
      0.0  call 1         Twilio         asks POST http://localhost:8000/phone/greet → Gather
      0.0  call 1         Twilio         problem 11200: HTTP 403 from http://localhost:8000/phone/greet
                          = Fetching the URL failed (4xx, 5xx, silence, wrong type): ringback explain 11200
                          | The signature does not match

What a code means is told with the first problem that has it. Whatever others wrote is escaped, so that it
can't do anything to the terminal, and cut off when it is long.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ringback.emulator.engine.records import Problem
    from ringback.emulator.engine.transcript import Entry

__all__ = ["Printer"]

_LONGEST_LINE: Final = 300
_MOST_LINES: Final = 20
_INDENT: Final = " " * 26


class Printer:
    """Prints every entry of a transcript, and the answer behind a problem.

    Args:
        stream: Where to; flushed after each entry, so that a pipe has it at once.
        title: What a call or message is called, by its SID.
        masked: Takes out of a text what is never shown.
    """

    def __init__(self, stream: TextIO, title: Callable[[str], str], masked: Callable[[str], str]) -> None:
        self._stream = stream
        self._encoding = stream.encoding or "utf-8"
        self._title = title
        self._masked = masked
        self._explained: set[int] = set()

    def __call__(self, entry: Entry, problem: Problem | None) -> None:
        """Print one; a terminal that is gone, or can't show it, is no reason to stop."""
        with suppress(OSError, ValueError):
            for line in self.lines(entry, problem):
                print(line, file=self._stream)
            self._stream.flush()

    def lines(self, entry: Entry, problem: Problem | None) -> Iterator[str]:
        """Its lines, ready to be shown."""
        title = self._title(entry.subject)
        place = " ".join(part for part in (entry.source, entry.document) if part)
        said = " ".join(filter(None, (entry.did, entry.what, place and f"[{place}]")))
        yield self._shown(f"{entry.at:9.1f}  {title:<14} {entry.who:<14} {said}")
        if problem is None:
            return
        if problem.meaning and problem.code not in self._explained:
            self._explained.add(problem.code)
            yield f"{_INDENT}= {problem.meaning}: ringback explain {problem.code}"
        body = [line for line in problem.response_body.splitlines() if line.strip()]
        for line in body[:_MOST_LINES]:
            yield f"{_INDENT}| {self._shown(line)}"
        if len(body) > _MOST_LINES:
            yield f"{_INDENT}| … and {len(body) - _MOST_LINES} more lines"

    def _shown(self, text: str) -> str:
        text = self._masked(text)
        text = text if len(text) <= _LONGEST_LINE else f"{text[:_LONGEST_LINE]}…"
        plain = "".join(
            [each if each.isprintable() else each.encode("unicode_escape").decode() for each in text]
        )
        return plain.encode(self._encoding, "backslashreplace").decode(self._encoding)
