"""Phone numbers and other addresses, as people write them and as the network has them."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["normal"]

_CLIENT: Final = re.compile(r"client:[^\s]{1,121}\Z")
_SIP: Final = re.compile(r"sips?:[^\s@]+@[^\s@]+\Z")
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}\Z")
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
