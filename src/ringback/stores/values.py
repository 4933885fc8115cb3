"""What stores agree on: how long a key may be, how large a value, how long it is kept."""

from __future__ import annotations

from typing import Final

from ringback.errors import InvalidValue

__all__ = ["check_key", "check_prefix", "check_value"]

_LONGEST_KEY: Final = 512
_LARGEST: Final = 1_000_000
_LONGEST_TTL: Final = 31 * 86_400.0


def check_prefix(prefix: str) -> str:
    """The prefix, if it is one: short, and nothing that a key can't hold."""
    if len(prefix) > _LONGEST_KEY // 4 or "\x00" in prefix:
        raise InvalidValue("prefix", prefix, f"at most {_LONGEST_KEY // 4} characters, none of them NUL")
    return prefix


def check_key(key: str) -> None:
    """Refuse what isn't a key."""
    if not 0 < len(key) <= _LONGEST_KEY or "\x00" in key:
        raise InvalidValue("key", key, f"1 to {_LONGEST_KEY} characters, none of them NUL")


def check_value(key: str, value: bytes, ttl: float) -> None:
    """Refuse what isn't kept."""
    check_key(key)
    if len(value) > _LARGEST:
        raise InvalidValue("value", f"{len(value)} bytes", f"at most {_LARGEST} bytes")
    if not 0.001 <= ttl <= _LONGEST_TTL:
        raise InvalidValue("ttl", ttl, f"0.001 to {_LONGEST_TTL:.0f} seconds")
