"""What is never shown: auth tokens, the secrets of API keys, passwords in TwiML and in URLs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from ringback.emulator.engine.urls import without_logins

__all__ = ["Secrets"]

_SHOWN: Final = "***"
# An attribute that `<Sip>` has, in TwiML that may be broken.
_PASSWORD: Final = re.compile(r"""(\bpassword\s*=\s*["'])((?<=")[^"<]*|(?<=')[^'<]*)""", re.IGNORECASE)


class Secrets:
    """Secrets, those given and passwords, taken out of texts wherever they come up. What a look takes is up
    to the text, and not to how many there are.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._by_length: dict[int, set[str]] = {}
        for secret in filter(None, secrets):
            self._by_length.setdefault(len(secret), set()).add(secret)

    def masked(self, text: str) -> str:
        """A text without them; a longer one goes before those that it holds."""
        text = _PASSWORD.sub(rf"\1{_SHOWN}", without_logins(text))
        for length in sorted(self._by_length, reverse=True):
            known = self._by_length[length]
            places = range(len(text) - length + 1)
            for secret in {text[place : place + length] for place in places} & known:
                text = text.replace(secret, _SHOWN)
        return text
