"""The scenarios, each of which runs once in a process however many tests look at what it did."""

from __future__ import annotations

from functools import cache

from attrs import frozen

from tests.official.scenarios import accounts, calls, numbers, recordings, rooms, sip, texts
from tests.official.world import SCENARIOS, Exchange, World

__all__ = ["SCENARIOS", "Run", "ran"]

# Importing them enters them into the table.
_MODULES = (accounts, numbers, calls, texts, rooms, recordings, sip)


@frozen
class Run:
    """What a scenario did.

    Attributes:
        operations: What it is about.
        exchanges: What was asked and answered.
        error: What was wrong with it, or with an answer.
    """

    operations: tuple[str, ...]
    exchanges: tuple[Exchange, ...]
    error: Exception | None


@cache
def ran(name: str) -> Run:
    """A scenario, in a world of its own."""
    scenario, operations = SCENARIOS[name]
    error: Exception | None = None
    with World.opened() as world:
        try:
            scenario(world)
            world.check()
        except Exception as caught:
            error = caught
    return Run(operations, tuple(world.exchanges), error)
