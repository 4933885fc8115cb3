"""SIDs and tokens: as random as Twilio's to look at, the same in every run with the same seed."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping

__all__ = ["Sids"]


class Sids:
    """Numbers what it hands out by kind, so that one more call does not change a message's SID."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._given: Counter[str] = Counter()

    def given(self) -> dict[str, int]:
        """How many were handed out, by kind."""
        return dict(self._given)

    def load(self, given: Mapping[str, int]) -> None:
        """Go on behind these: none comes twice."""
        for kind, number in given.items():
            self._given[kind] = max(self._given[kind], number)

    def new(self, prefix: str) -> str:
        """A new SID: `prefix` (two letters) and 32 hex digits."""
        return prefix + self._hex(prefix)

    def token(self, kind: str) -> str:
        """32 hex digits for something that is no resource, e.g. an auth token."""
        return self._hex(kind)

    def uuid(self, kind: str) -> str:
        """The same, written as a UUID."""
        digits = self._hex(kind)
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def _hex(self, kind: str) -> str:
        self._given[kind] += 1
        return hashlib.sha256(f"{self._seed}/{kind}/{self._given[kind]}".encode()).hexdigest()[:32]
