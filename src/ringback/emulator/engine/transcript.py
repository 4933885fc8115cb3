"""Who heard and did what, at which second, from which TwiML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from attrs import evolve, frozen

__all__ = ["Entry", "Transcript", "without_hosts"]

_URL: Final = re.compile(r"https?://[^\s/?#\"']+([^\s?#\"']*)[^\s\"']*")


def without_hosts(text: str) -> str:
    """A text in which each URL is its path alone."""
    return _URL.sub(r"\1", text)


@frozen
class Entry:
    """One thing that happened.

    Attributes:
        at: Seconds of virtual time since the emulator's start.
        subject: SID of the call or message it belongs to.
        who: A phone number, `client:` name, or `Twilio`.
        did: A word or two: `hears`, `presses`, `hangs up`, `asks`, `tells`, `problem`, …
        what: What was heard, pressed, asked, …
        source: The TwiML behind it, e.g. `Gather > Say`, or "".
        document: The URL that this TwiML came from, `inline TwiML`, or "".
    """

    at: float
    subject: str
    who: str
    did: str
    what: str = ""
    source: str = ""
    document: str = ""

    def __str__(self) -> str:
        said = f"{self.who:<14} {self.did}{' ' if self.what else ''}{self.what}"
        if not self.source and not self.document:
            return f"{self.at:9.1f}  {said}"
        place = " ".join(part for part in (self.source, self.document) if part)
        return f"{self.at:9.1f}  {said:<70} [{place}]"


@frozen
class _Subject:
    sid: str
    title: str


class Transcript:
    """Everything that happened, in order. `str()` shows it call by call and message by message.

    Two transcripts are equal when their entries are, as those of runs with the same seed and input.
    """

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._of: dict[str, list[Entry]] = {}  # the same by subject
        self._subjects: dict[str, _Subject] = {}
        self._counts: dict[str, int] = {}

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Transcript) and self._entries == other._entries

    __hash__ = None  # type: ignore[assignment]  # it grows

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<Transcript of {len(self._entries)} entries>"

    def open(self, sid: str, kind: str, title: str) -> None:
        """A new call or message."""
        self._counts[kind] = self._counts.get(kind, 0) + 1
        self._subjects[sid] = _Subject(sid, f"{kind} {self._counts[kind]}: {title}")

    def title(self, sid: str) -> str:
        """What a call or message is called: `call 1`; "" for what is neither."""
        subject = self._subjects.get(sid)
        return subject.title.partition(":")[0] if subject is not None else ""

    def add(self, entry: Entry) -> None:
        self._entries.append(entry)
        self._of.setdefault(entry.subject, []).append(entry)

    def of(self, sid: str) -> tuple[Entry, ...]:
        """What happened to one call or message."""
        return tuple(self._of.get(sid, ()))

    def with_paths(self) -> Transcript:
        """A copy in which each URL is its path alone: equal however and wherever an application was served.

        Queries go as well as hosts: applications put into them what differs in every run, such as tokens.
        """
        copy = Transcript()
        copy._subjects = dict(self._subjects)
        for entry in self._entries:
            what, document = (without_hosts(text) for text in (entry.what, entry.document))
            copy.add(evolve(entry, what=what, document=document))
        return copy

    def text(self, sid: str | None = None) -> str:
        """As text: all of it, or one call or message."""
        wanted = list(self._subjects) if sid is None else [sid]
        blocks: list[str] = []
        for subject in wanted:
            lines = [str(entry) for entry in self.of(subject)]
            title = self._subjects[subject].title if subject in self._subjects else subject
            blocks.append("\n".join([title, *lines]))
        rest = [str(entry) for entry in self._entries if entry.subject not in self._subjects]
        if rest and sid is None:
            blocks.append("\n".join(["elsewhere", *rest]))
        return "\n\n".join(blocks)
