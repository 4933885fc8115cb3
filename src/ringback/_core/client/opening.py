"""A client's transport: the one it was given, or one that is made for the first request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from ringback.errors import ConfigurationError

__all__ = ["Opening"]

T = TypeVar("T")


class Opening(Generic[T]):
    """Opens once, closes once; safe between threads.

    dict.setdefault settles who comes first. A lock could be copied by a fork while it is held, and the child
    would wait for ever.

    Args:
        make: Gives the transport.
        given: Whether it is there already and has to be closed even if it was never used.
    """

    __slots__ = ("_closed", "_made", "_make")

    def __init__(self, make: Callable[[], T], *, given: bool = False) -> None:
        self._make = make
        self._made: dict[str, T] = {"": make()} if given else {}
        self._closed = False

    def get(self) -> T:
        """The transport.

        Raises:
            ConfigurationError: The client is closed.
        """
        if self._closed:
            raise ConfigurationError("the client is closed")
        transport = self._made.get("")
        return transport if transport is not None else self._made.setdefault("", self._make())

    def close(self) -> T | None:
        """The transport, if there is one that still has to be closed."""
        self._closed = True
        return self._made.pop("", None)
