"""People who want no more texts from a number: the words that say so, and what Twilio itself answers them.

https://help.twilio.com/articles/223134027
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ringback.emulator.engine.records import Message, Store

__all__ = ["heed"]

STOP: Final = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
START: Final = frozenset({"start", "yes", "unstop"})
HELP: Final = frozenset({"help", "info"})


def heed(store: Store, message: Message) -> str | None:
    """Note what a text says about texts; what Twilio answers, if anything."""
    word = message.body.strip().lower()
    pair = message.from_ or "", message.to
    if word in STOP:
        store.opted_out.add(pair)
        return "You will get no more messages from this number. Reply START to get them again."
    if word in START and pair in store.opted_out:
        store.opted_out.remove(pair)
        return "You will get messages from this number again. Reply HELP for help, STOP to end them."
    return "Reply STOP to get no more messages from this number." if word in HELP else None
