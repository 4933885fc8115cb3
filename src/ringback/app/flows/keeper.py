"""Who keeps the record of a run. For a flow that lives and dies with its process that is nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, TypeVar

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable

    from ringback.app.flows.journal import Entry

__all__ = ["LOCAL", "Keeper", "LocalKeeper"]

E = TypeVar("E", bound="Entry")


class Keeper(Protocol):
    """Who keeps a run's record.

    Attributes:
        durable: Whether another worker may go on with the flow.
        leaving: Whether one shall.
    """

    @property
    def durable(self) -> bool: ...
    @property
    def leaving(self) -> bool: ...

    async def decide(self, name: str, entry: E, *, wake: Iterable[str] = (), settles: bool = False) -> E:
        """Keep what the owner decided; the entry that counts, which may be an earlier one.

        Args:
            name: The field.
            entry: What it says.
            wake: Workers that wait for it.
            settles: Whether everything that came so far has had its consequence now.

        Where the run has another owner by now, this never returns: its coroutine has been abandoned.
        """
        ...

    async def fact(self, name: str, entry: Entry, *, last: bool = False) -> None:
        """Keep what has happened; `last` says that nothing is to follow."""
        ...

    def may_go_on(self) -> bool | asyncio.Future[None]:
        """Whether the run's coroutine may be continued; a future where that has to be found out first."""
        ...


class LocalKeeper:
    """Keeps nothing: everybody who could ask is in this process, and asks the run itself."""

    durable = False
    leaving = False

    async def decide(  # noqa: D102: see Keeper
        self,
        name: str,  # noqa: ARG002
        entry: E,
        *,
        wake: Iterable[str] = (),  # noqa: ARG002
        settles: bool = False,  # noqa: ARG002
    ) -> E:
        return entry

    async def fact(self, name: str, entry: Entry, *, last: bool = False) -> None:  # noqa: D102: see Keeper
        pass

    def may_go_on(self) -> bool:
        """Nobody else could continue it."""
        return True


LOCAL: Final = LocalKeeper()
