"""What goes wrong on purpose, and how often: parsed from words such as `doubled reordered late=0.2`."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Final, cast

from attrs import asdict, fields_dict, frozen

from ringback.emulator.engine import arguments
from ringback.errors import EmulatorError

__all__ = ["Chaos"]

# The words, where they aren't the names themselves.
_WORDS: Final = {
    "too_many_requests": "429",
    "server_errors": "5xx",
    "lost_answers": "lost-answers",
}
# What a word means that has no share: often enough to be met, seldom enough to be survived.
_USUAL: Final = {
    "late": 0.3,
    "doubled": 0.5,
    "reordered": 0.5,
    "lost": 0.2,
    "slow": 0.3,
    "too_many_requests": 0.2,
    "server_errors": 0.2,
    "lost_answers": 0.2,
}
_SHARE: Final = re.compile(r"[0-9]*\.?[0-9]+\Z", re.ASCII)


@frozen(kw_only=True)
class Chaos:
    """How often things go wrong: each a share from 0, never, to 1, always.

    Attributes:
        late: Of callbacks: told up to half a minute late.
        doubled: Of callbacks: told twice.
        reordered: Of callbacks: told behind the one that comes after them.
        lost: Of callbacks: never told.
        slow: Of all webhooks: seconds on their way, which count as the application's.
        too_many_requests: Of the API's requests: turned away with 429, and up to two that follow.
        server_errors: Of the API's requests: turned away with 500 or 503.
        lost_answers: Of the API's requests: done, and the connection is lost before the answer comes.

    Raises:
        EmulatorError: One is no share.
    """

    late: float = 0.0
    doubled: float = 0.0
    reordered: float = 0.0
    lost: float = 0.0
    slow: float = 0.0
    too_many_requests: float = 0.0
    server_errors: float = 0.0
    lost_answers: float = 0.0

    def __attrs_post_init__(self) -> None:
        for name, share in self._shares().items():
            arguments.number(f"chaos.{name}", share, positive=False, most=1, what="a share")

    @classmethod
    def parse(cls, text: str) -> Chaos:
        """What words say: each a kind, with its share where another than the usual one is meant.

        Raises:
            EmulatorError: A word is none of them, comes twice, or its share is none.
        """
        arguments.text("chaos", text)
        names = {_WORDS.get(name, name): name for name in fields_dict(cls)}
        shares: dict[str, float] = {}
        for entry in re.split(r"[\s,]+", text.strip()) if text.strip() else ():
            word, given, share = entry.partition("=")
            if word not in names:
                close = get_close_matches(word, names, 1)
                hint = f"; did you mean {close[0]}?" if close else ""
                raise EmulatorError(f"chaos: expected some of {', '.join(names)}, got {word!r:.40}{hint}")
            if names[word] in shares:
                raise EmulatorError(f"chaos: {word} is there twice")
            if given and not (_SHARE.match(share) and float(share) <= 1):
                raise EmulatorError(f"chaos: {word}: expected a share from 0 to 1, got {share!r:.40}")
            shares[names[word]] = float(share) if given else _USUAL[names[word]]
        return cls(**shares)

    def __str__(self) -> str:
        """As `parse` reads it."""
        return " ".join(
            f"{_WORDS.get(name, name)}={share:g}" for name, share in self._shares().items() if share
        )

    def __bool__(self) -> bool:
        """Whether anything goes wrong."""
        return any(self._shares().values())

    def _shares(self) -> dict[str, float]:
        return cast("dict[str, float]", asdict(self))
