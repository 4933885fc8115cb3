"""What a scenario is, and the table of all, which `scenarios/` fills."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from attrs import frozen

from ringback import Client

__all__ = ["OURS", "SCENARIOS", "THEIRS", "WRONG_TOKEN", "Scenario", "Wait", "scenario"]

# Lets so many seconds pass at the other end.
Wait: TypeAlias = Callable[[float], None]
Act: TypeAlias = Callable[[Client, Wait], None]

# The numbers that stand in every cassette, whoever recorded it.
OURS: Final = "+15017122661"
THEIRS: Final = "+15558675310"
WRONG_TOKEN: Final = "f" * 32


@frozen
class Scenario:
    """One conversation.

    Attributes:
        module: The folder of its cassette.
        name: The name of its cassette.
        act: Has it; takes a client, and a way to let time pass at the other end.
        live: Whether it may be had with the live service.
        wrong_token: Whether its client has a token that is refused.
    """

    module: str
    name: str
    act: Act
    live: bool = False
    wrong_token: bool = False


SCENARIOS: Final[list[Scenario]] = []


def scenario(module: str, *, live: bool = False, wrong_token: bool = False) -> Callable[[Act], Act]:
    """Register a conversation."""

    def register(act: Act) -> Act:
        SCENARIOS.append(Scenario(module, act.__name__, act, live, wrong_token))
        return act

    return register
