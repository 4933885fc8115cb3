"""What the workers did: lines of JSON in a file that all of them append to, each line by one system call."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from pathlib import Path

from attrs import frozen

__all__ = ["Ledger", "Noted"]


@frozen
class Noted:
    """Something that a worker did.

    Attributes:
        at: When, by this machine's monotonic clock.
        pid: Its process.
        key: About which call, or whatever else.
        what: What.
        value: More about it.
    """

    at: float
    pid: int
    key: str
    what: str
    value: str = ""


class Ledger:
    """The file.

    Args:
        path: Where it is; made when the first line is written.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def note(self, key: str, what: str, value: object = "") -> None:
        """Append a line, whole: `kill -9` right after this doesn't lose it."""
        line = json.dumps([time.monotonic(), os.getpid(), key, what, str(value)])
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, f"{line}\n".encode())
        finally:
            os.close(descriptor)

    def lines(self, key: str | None = None) -> list[Noted]:
        """All lines, or those about `key`, in the order of their writing."""
        if not self.path.exists():
            return []
        lines = [Noted(*json.loads(text)) for text in self.path.read_text().splitlines()]
        return [line for line in lines if key is None or line.key == key]

    def by_key(self) -> dict[str, list[Noted]]:
        """All lines by what they are about."""
        found: dict[str, list[Noted]] = {}
        for line in self.lines():
            found.setdefault(line.key, []).append(line)
        return found

    def counts(self, key: str) -> Counter[str]:
        """How often each thing was done to `key`."""
        return Counter(line.what for line in self.lines(key))
