"""People who want no more texts: the words that say so, and what Twilio itself answers them.

https://help.twilio.com/articles/223134027
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import frozen

from ringback.emulator.engine.addresses import channel_of

if TYPE_CHECKING:
    from ringback._generated.webhooks.enums import OptOutType
    from ringback.emulator.engine.correspondence import Correspondence
    from ringback.emulator.engine.records import Message

__all__ = ["Keyword", "heed"]

_STOP: Final = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
_START: Final = frozenset({"start", "yes", "unstop"})
_HELP: Final = frozenset({"help", "info"})


@frozen
class Keyword:
    """What a text is to Twilio itself.

    Attributes:
        kind: Whether it ends texts, wants them again, or asks for help.
        answer: What Twilio answers.
    """

    kind: OptOutType
    answer: str


def heed(correspondence: Correspondence, message: Message) -> Keyword | None:
    """Do what a text says about texts; None where it says nothing."""
    word = message.body.strip().lower()
    if channel_of(message.to) is not None or not word:
        return None
    person = message.from_ or ""
    ours = (message.to, *correspondence.services(person, message.to))
    if word in _STOP:
        correspondence.opt_out(person, *ours)
        told = "You will get no more messages from this number. Reply START to get them again."
        return Keyword("STOP", told)
    if word in _START and correspondence.has_opted_out(person, *ours):
        correspondence.opt_in(person, *ours)
        told = "You will get messages from this number again. Reply HELP for help, STOP to end them."
        return Keyword("START", told)
    if word in _HELP:
        return Keyword("HELP", "Reply STOP to get no more messages from this number.")
    return None
