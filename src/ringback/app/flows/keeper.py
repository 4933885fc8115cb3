"""Who keeps the record of a run. For a flow that lives and dies with its process that is nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from ringback.stores.store import NEVER

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable

    from ringback.app.flows.journal import Entry, Journal

__all__ = ["LOCAL", "JournalKeeper", "Keeper", "LocalKeeper"]

E = TypeVar("E", bound="Entry")


class Keeper(Protocol):
    """Who keeps a run's record.

    Attributes:
        durable: Whether another worker may go on with the flow.
        records: Whether there is a record at all.
        leaving: Whether one shall.
    """

    @property
    def durable(self) -> bool: ...
    @property
    def records(self) -> bool: ...
    @property
    def leaving(self) -> bool: ...

    async def decide(
        self, name: str, entry: E, *, wake: Iterable[str] = (), settles: bool = False, due: float = NEVER
    ) -> E:
        """Keep what the owner decided; the entry that counts, which may be an earlier one.

        Args:
            name: The field.
            entry: What it says.
            wake: Workers that wait for it.
            settles: Whether everything that came so far has had its consequence now.
            due: Where it settles, in how many seconds somebody has to look after the run even so.

        Where the run has another owner by now, this never returns: its coroutine has been abandoned.
        """
        ...

    async def fact(self, name: str, entry: Entry, *, last: bool = False) -> None:
        """Keep what has happened; `last` says that nothing is to follow."""
        ...

    def heard(self, name: str, entry: Entry) -> None:
        """Something has happened, of which the run has been told."""
        ...

    def may_go_on(self) -> bool | asyncio.Future[None]:
        """Whether the run's coroutine may be continued; a future where that has to be found out first."""
        ...


class LocalKeeper:
    """Keeps nothing: everybody who could ask is in this process, and asks the run itself."""

    durable = False
    records = False
    leaving = False

    async def decide(
        self,
        name: str,  # noqa: ARG002
        entry: E,
        *,
        wake: Iterable[str] = (),  # noqa: ARG002
        settles: bool = False,  # noqa: ARG002
        due: float = NEVER,  # noqa: ARG002
    ) -> E:
        """As of `Keeper`."""
        return entry

    async def fact(self, name: str, entry: Entry, *, last: bool = False) -> None:
        """As of `Keeper`."""

    def heard(self, name: str, entry: Entry) -> None:
        """As of `Keeper`."""

    def may_go_on(self) -> bool:
        """Nobody else could continue it."""
        return True


class JournalKeeper(LocalKeeper):
    """Keeps a journal, for tests.

    Args:
        journal: Where it is written.
    """

    records = True

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def decide(
        self,
        name: str,
        entry: E,
        *,
        wake: Iterable[str] = (),  # noqa: ARG002
        settles: bool = False,  # noqa: ARG002
        due: float = NEVER,  # noqa: ARG002
    ) -> E:
        """As of `Keeper`."""
        self._journal.add(name, entry)
        return entry

    async def fact(self, name: str, entry: Entry, *, last: bool = False) -> None:  # noqa: ARG002
        self._journal.add(name, entry)

    def heard(self, name: str, entry: Entry) -> None:
        """As of `Keeper`."""
        self._journal.add(name, entry)


LOCAL: Final = LocalKeeper()
