"""What synchronous code has at once, and what is said to those who `await` it all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["Ready"]


class Ready:
    """What a `Client` gave: there is nothing to wait for.

    By the time of the `await` the call has been placed; the error says so, lest it be placed once more.
    """

    __slots__ = ()

    if not TYPE_CHECKING:  # type checkers refuse the await themselves, since they see no such method

        def __await__(self):
            raise TypeError(
                f"{self!r} is there already, since a Client was given: drop the await, or give an "
                "AsyncClient. What was asked of Twilio has been done, so don't ask again"
            )
