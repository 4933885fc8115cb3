"""Who writes to whom: what the network remembers of the messages between people and our senders."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from attrs import define, field

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Correspondence"]

# How long somebody who wrote may be answered freely on WhatsApp.
_WINDOW: Final = timedelta(days=1)
# A reply so soon after the last one is quick, and more than so many of them in a row are a loop.
_QUICK: Final = timedelta(seconds=30)
_MOST_QUICK: Final = 15


@define(eq=False)
class _Replies:
    """Replies from one sender to one person.

    Attributes:
        last: When the last one was made.
        quick: How many followed so closely on each other.
    """

    last: datetime
    quick: int


Pair = tuple[str, str]


@define(eq=False)
class Correspondence:
    """By pairs: the person's address, and ours, which is a sender's or the SID of a messaging service."""

    _opted_out: dict[Pair, bool] = field(factory=dict[Pair, bool])
    _heard: dict[Pair, datetime] = field(factory=dict[Pair, datetime])
    _replies: dict[Pair, _Replies] = field(factory=dict[Pair, _Replies])
    # Which sender a service has for a person, and whose turn it is with the next.
    _chosen: dict[Pair, str] = field(factory=dict[Pair, str])
    _turns: dict[str, int] = field(factory=dict[str, int])
    # Which services wrote to a person from a sender, the last one at the end.
    _services: dict[Pair, list[str]] = field(factory=dict[Pair, "list[str]"])

    def opt_out(self, person: str, *ours: str | None) -> None:
        """They want no more messages."""
        self._opted_out.update(dict.fromkeys(_pairs(person, ours), True))

    def opt_in(self, person: str, *ours: str | None) -> None:
        """They want messages again."""
        self._opted_out.update(dict.fromkeys(_pairs(person, ours), False))

    def has_opted_out(self, person: str, *ours: str | None) -> bool:
        """Whether they want no messages from any of these."""
        return any(self._opted_out.get(pair, False) for pair in _pairs(person, ours))

    def sender(self, service: str, person: str, senders: Sequence[str]) -> str | None:
        """From whom a service writes to a person: always the same; each in turn to those who are new."""
        chosen = self._chosen.get((person, service))
        if chosen is None or chosen not in senders:
            if not senders:
                return None
            turn = self._turns.get(service, 0)
            self._turns[service] = turn + 1
            chosen = self._chosen[person, service] = senders[turn % len(senders)]
        services = self._services.setdefault((person, chosen), [])
        if service in services:
            services.remove(service)
        services.append(service)
        return chosen

    def services(self, person: str, sender: str) -> tuple[str, ...]:
        """The services that wrote to a person from one of our senders; the last one takes the answers."""
        return tuple(self._services.get((person, sender), ()))

    def hear(self, person: str, sender: str, now: datetime) -> None:
        """They wrote."""
        self._heard[person, sender] = now

    def is_open(self, person: str, sender: str, now: datetime) -> bool:
        """Whether they wrote within a day."""
        heard = self._heard.get((person, sender))
        return heard is not None and now - heard <= _WINDOW

    def reply(self, person: str, sender: str, now: datetime) -> bool:
        """Somebody is replied to; False where that has become a loop."""
        replies = self._replies.setdefault((person, sender), _Replies(now, 0))
        replies.quick = replies.quick + 1 if now - replies.last < _QUICK else 1
        replies.last = now
        return replies.quick <= _MOST_QUICK


def _pairs(person: str, ours: tuple[str | None, ...]) -> list[Pair]:
    return [(person, each) for each in ours if each]
