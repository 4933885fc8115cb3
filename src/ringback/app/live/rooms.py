"""Conferences that we lead: who comes in, what they hear and may do.

What is async here is written once more for synchronous code by `python -m codegen`:
`_generated/runtime/rooms.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar, cast

from ringback._core.client.resource import explained
from ringback._core.twiml.values import way_to
from ringback._core.webhooks.events import Event
from ringback._generated.app import AsyncAdditions
from ringback.app.checks import address
from ringback.errors import NotFound
from ringback.webhooks import ConferenceAnnounce, ParticipantHold

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ringback._core.client.options import RequestOptions
    from ringback._core.webhooks.events import Target
    from ringback._generated.app import AddParameters
    from ringback.app.routes import Method
    from ringback.client import AsyncClient, Client
    from ringback.rest import AsyncConferenceContext, Participant

__all__ = ["AsyncLiveRoom", "RoomState", "Somebody"]

Somebody: TypeAlias = "str | Participant"
"""A participant: its record, the SID of its call, or its label."""

C = TypeVar("C", bound="Client | AsyncClient")
E = TypeVar("E", bound=Event)
T = TypeVar("T")


class RoomState(Generic[C]):
    """What a room is, whatever it is asked with.

    Attributes:
        name: The room's name: what `join_conference` takes.
    """

    def __init__(self, client: C, name: str, /) -> None:
        self.name = name
        self._client = client
        self._sid: str | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    def _address(self, field: str, target: str | Target[E] | None, event: type[E], /) -> str | None:
        return address(field, target, event)

    def _way(self, target: object, method: Method | None, /) -> Method | None:
        return method or way_to(target)


@explained
class AsyncLiveRoom(RoomState["AsyncClient"], AsyncAdditions):
    """A conference by its name, for asynchronous code. It is there as long as somebody is in it.

    Whoever is meant is told by the record that `add` gave, by a call's SID or by the label that `add` was
    given. Whoever isn't there, or not any more, is a `NotFound`.

    Attributes:
        name: The room's name: what `join_conference` takes.
    """

    _client: AsyncClient

    async def participants(self) -> list[Participant]:
        """Who is in the room or being called, the newest first; nobody where there is no such room.

        Raises:
            ApiError, TransportError: As for every request.
        """
        try:
            return await self._in_room(lambda room: _everybody_async(room))
        except NotFound:
            return []

    async def mute(self, who: Somebody, muted: bool = True, /) -> Participant:
        """Let nobody hear what somebody says.

        Args:
            who: The participant.
            muted: False to let them be heard again.

        Raises:
            NotFound: They aren't in the room.
            ApiError, TransportError: As for every request.
        """
        return await self._in_room(lambda room: room.participants(_key(who)).update(muted=muted))

    async def hold(
        self,
        who: Somebody,
        url: str | Target[ParticipantHold] | None = None,
        /,
        *,
        method: Method | None = None,
    ) -> Participant:
        """Let somebody wait: they hear music, neither hear the others nor are heard.

        Args:
            who: The participant.
            url: What they hear: the URL of an audio file or of TwiML, or a handler of `ParticipantHold`;
                Twilio's hold music by default.
            method: How `url` is asked for, GET by default.

        Raises:
            NotFound: They aren't in the room.
            ApiError, TransportError: As for every request.
        """
        where = address("url", url, ParticipantHold)
        return await self._in_room(
            lambda room: room.participants(_key(who)).update(hold=True, hold_url=where, hold_method=method)
        )

    async def unhold(self, who: Somebody, /) -> Participant:
        """Bring somebody back who waited.

        Raises:
            NotFound: They aren't in the room.
            ApiError, TransportError: As for every request.
        """
        return await self._in_room(lambda room: room.participants(_key(who)).update(hold=False))

    async def announce(
        self,
        url: str | Target[ConferenceAnnounce],
        /,
        *,
        to: Somebody | None = None,
        method: Method | None = None,
    ) -> None:
        """Play something to everybody in the room, or to one of them alone.

        Args:
            url: The URL of an audio file or of TwiML, or a handler of `ConferenceAnnounce`.
            to: Who hears it; everybody by default.
            method: How `url` is asked for, POST by default.

        Raises:
            NotFound: Nobody is in the room, or not the one who was meant.
            ApiError, TransportError: As for every request.
        """
        where = address("url", url, ConferenceAnnounce)
        way = method or way_to(url)
        if to is None:
            await self._in_room(lambda room: room.update(announce_url=where, announce_method=way))
        else:
            who = _key(to)
            await self._in_room(
                lambda room: room.participants(who).update(announce_url=where, announce_method=way)
            )

    async def remove(self, who: Somebody, /) -> None:
        """Take somebody out. Their call goes on with what stands behind the conference, such as the flow that
        had them join, and ends where nothing does.

        Raises:
            NotFound: They aren't in the room.
            ApiError, TransportError: As for every request.
        """
        await self._in_room(lambda room: room.participants(_key(who)).delete())

    async def end(self) -> None:
        """Take everybody out.

        Raises:
            NotFound: Nobody is in the room.
            ApiError, TransportError: As for every request.
        """
        await self._in_room(lambda room: room.update(status="completed"))

    async def _add(self, parameters: AddParameters, options: RequestOptions | None, /) -> Participant:
        create = cast(
            "Callable[..., Awaitable[Participant]]", self._client.conferences(self.name).participants.create
        )
        added = await create(**parameters, options=options)
        self._sid = added.conference_sid
        return added

    async def _in_room(self, act: Callable[[AsyncConferenceContext], Awaitable[T]]) -> T:
        """Do something with the conference of this name that lives now."""
        known = self._sid
        if known is not None:
            try:
                return await act(self._client.conferences(known))
            except NotFound:  # it may be over, and another one be there
                self._sid = None
                if await self._look_up() == known:
                    raise
        return await act(self._client.conferences(await self._look_up()))

    async def _look_up(self) -> str:
        """The SID of the live conference; the name, of which nothing is known then, where there is none."""
        if self._sid is None:
            found = [each async for each in self._client.conferences.list(friendly_name=self.name, limit=1)]
            self._sid = found[0].sid if found and found[0].status != "completed" else None
        return self._sid or self.name


async def _everybody_async(room: AsyncConferenceContext) -> list[Participant]:
    return [each async for each in room.participants.list()]


def _key(who: Somebody) -> str:
    return who if isinstance(who, str) else who.call_sid
