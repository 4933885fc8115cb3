"""For what lives in one event loop: connections of asyncio can't be used from another."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Generic, TypeVar

from ringback.errors import ConfigurationError

__all__ = ["OneLoop"]

T = TypeVar("T")


class OneLoop(Generic[T]):
    """Something made when it is first wanted, for the loop that runs then, and refused to any other."""

    __slots__ = ("_home", "_made", "_make", "_name")

    def __init__(self, name: str, make: Callable[[], T]) -> None:
        self._name = name
        self._make = make
        self._made: T | None = None
        self._home: tuple[asyncio.AbstractEventLoop, int] | None = None

    def get(self) -> T:
        """It, made for the running loop.

        Raises:
            ConfigurationError: It was made for another loop or before a fork.
        """
        home = (asyncio.get_running_loop(), os.getpid())
        if self._made is None:
            self._made, self._home = self._make(), home
        elif self._home != home:
            raise ConfigurationError(
                f"{self._name} belongs to the event loop that used it first: make a client for each loop and "
                "each process, or use the default transport, which works in all"
            )
        return self._made

    def take(self) -> T | None:
        """It, if it was made; which is forgotten, so that another loop may begin."""
        made, self._made, self._home = self._made, None, None
        return made
