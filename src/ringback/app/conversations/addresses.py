"""Who writes to whom, and the words by which people want to hear no more."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final, cast

from ringback.errors import InvalidValue

if TYPE_CHECKING:
    from ringback.webhooks import IncomingMessage

__all__ = ["asks_for_help", "check_ends", "key_of", "opts_out"]

STOP_WORDS: Final = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
"""Whoever sends just one of these gets no more texts from Twilio, unless a service has a list of its own."""

_ADDRESS: Final = re.compile(r"(?:([a-z]+):)?\S{1,200}")
_BY_KEYWORD: Final = ("", "rcs")  # channels on which Twilio itself acts on such words


def key_of(ours: str, theirs: str) -> str:
    """What a store calls the conversation of two addresses: something that doesn't say whose they are."""
    return f"text{hashlib.sha256(f'{ours} {theirs}'.encode('utf-8', 'surrogatepass')).hexdigest()[:40]}"


def opts_out(message: IncomingMessage) -> bool:
    """Whether its sender wants to hear no more."""
    if message.opt_out_type is not None:
        return message.opt_out_type == "STOP"
    return _channel(message.from_) in _BY_KEYWORD and message.body.strip().lower() in STOP_WORDS


def asks_for_help(message: IncomingMessage) -> bool:
    """Whether a messaging service has told its sender already what to do."""
    return message.opt_out_type == "HELP"


def check_ends(to: str, from_: str) -> None:
    """See to it that two addresses can write to each other.

    Raises:
        InvalidValue: One is none, they are the same, or of different channels.
    """
    for field, address in (("to", to), ("from_", from_)):
        if not isinstance(cast("object", address), str) or not _ADDRESS.fullmatch(address):
            allowed = "a phone number, such as +15017122661, or an address, such as whatsapp:+15017122661"
            raise InvalidValue(field, address, allowed)
    if _channel(to) != _channel(from_):
        raise InvalidValue("from_", from_, f"an address of the channel of {to}")
    if to == from_:
        raise InvalidValue("from_", from_, "somebody else's address")


def _channel(address: str) -> str:
    """`whatsapp`, `rcs`, …; `""` for phone numbers."""
    before, colon, _ = address.partition(":")
    return before if colon else ""
