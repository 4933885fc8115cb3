"""The part of a file that a request asks for, by its header `Range`; RFC 9110, section 14."""

from __future__ import annotations

import re
from typing import Final, Literal

from attrs import frozen

__all__ = ["Part", "part_of"]

# White space around the list is allowed; several ranges at once are asked for by nobody who plays audio.
_RANGE: Final = re.compile(r"bytes=[ \t]*([0-9]*)-([0-9]*)[ \t]*", re.IGNORECASE)
# No file has a place of more digits; Python refuses to read numbers of thousands of them.
_DIGITS: Final = 18


@frozen
class Part:
    """What is answered.

    Attributes:
        status: 200 with the whole file, 206 with a part, or 416 with nothing of it.
        start: The first byte that is sent.
        stop: The one behind the last.
        size: How many bytes the whole file has.
    """

    status: Literal[200, 206, 416]
    start: int
    stop: int
    size: int

    @property
    def headers(self) -> dict[str, str]:
        """What the answer says of it; without its length, which follows from `start` and `stop`."""
        fields = {"Accept-Ranges": "bytes"}
        if self.status == 206:
            fields["Content-Range"] = f"bytes {self.start}-{self.stop - 1}/{self.size}"
        elif self.status == 416:
            fields["Content-Range"] = f"bytes */{self.size}"
        return fields


def part_of(header: str | None, size: int) -> Part:
    """The part of a file of so many bytes that `header` asks for; all of it without one.

    A header that makes no sense, or asks for several parts, is ignored, as the RFC has it.
    """
    whole = Part(200, 0, size, size)
    found = _RANGE.fullmatch(header.strip()) if header is not None else None
    if found is None:
        return whole
    first, last = map(_place, found.groups())
    if first is None:
        if last is None:
            return whole
        # A suffix: so many bytes from the end.
        start, stop = max(0, size - last), size
    elif last is not None and last < first:
        return whole
    else:
        start, stop = first, size if last is None else min(last + 1, size)
    return Part(206, start, stop, size) if start < stop else Part(416, 0, 0, size)


def _place(digits: str) -> int | None:
    return int(digits.lstrip("0")[: _DIGITS + 1] or "0") if digits else None
