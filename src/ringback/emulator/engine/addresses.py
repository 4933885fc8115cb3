"""Phone numbers and other addresses, as people write them and as the network has them."""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias, cast, get_args

__all__ = [
    "Channel",
    "bare",
    "channel_of",
    "is_e164",
    "is_name",
    "is_short_code",
    "normal",
    "on_channel",
    "text_address",
]

Channel: TypeAlias = Literal["messenger", "whatsapp"]
"""How messages go that are no SMS: what stands in front of an address, before a colon."""

_CHANNELS: Final = frozenset(cast("tuple[Channel, ...]", get_args(Channel)))
_CLIENT: Final = re.compile(r"client:[^\s]{1,121}\Z")
_SIP: Final = re.compile(r"sips?:[^\s@]+@[^\s@]+\Z")
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}\Z")
_SHORT_CODE: Final = re.compile(r"[0-9]{3,8}\Z")
_MESSENGER: Final = re.compile(r"[A-Za-z0-9_.-]{1,80}\Z")
# A sender's name, where a country allows that.
_NAME: Final = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 +\-_&]{1,11}\Z")
_BETWEEN: Final = re.compile(r"[\s().\-]")


def normal(text: str) -> str | None:
    """An address as the network has it, or None where it is none.

    Numbers without a plus are taken as American ones, as the real service does.
    """
    if _CLIENT.match(text) or _SIP.match(text):
        return text
    digits = _BETWEEN.sub("", text)
    if re.fullmatch(r"[2-9][0-9]{9}", digits):
        return f"+1{digits}"
    if re.fullmatch(r"1[2-9][0-9]{9}", digits):
        return f"+{digits}"
    return digits if _E164.match(digits) else None


def is_e164(text: str) -> bool:
    """Whether a phone number is written as the network has it."""
    return _E164.match(text) is not None


def text_address(text: str) -> str | None:
    """The same for messages: a phone number, a short code, or either's like on a channel."""
    name, colon, rest = text.partition(":")
    if not colon:
        return text if is_short_code(text) else _number(text)
    if name == "messenger":
        return text if _MESSENGER.match(rest) else None
    number = _number(rest) if name == "whatsapp" else None
    return None if number is None else f"whatsapp:{number}"


def channel_of(address: str) -> Channel | None:
    """The channel that an address is on; None for SMS."""
    name = address.partition(":")[0]
    return name if ":" in address and name in _CHANNELS else None


def bare(address: str) -> str:
    """An address without its channel."""
    return address if channel_of(address) is None else address.partition(":")[2]


def on_channel(channel: Channel | None, address: str) -> str:
    """An address that is bare, on a channel."""
    return address if channel is None else f"{channel}:{address}"


def is_short_code(address: str) -> bool:
    """Whether this is a number of a few digits, which only messages go from."""
    return _SHORT_CODE.match(address) is not None


def is_name(address: str) -> bool:
    """Whether this is a sender's name, which nobody can answer."""
    return _NAME.match(address) is not None


def _number(text: str) -> str | None:
    number = normal(text)
    return number if number is not None and number.startswith("+") else None
