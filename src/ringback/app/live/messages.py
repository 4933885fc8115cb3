"""Messages whose way is followed, and that may be answered.

What is async here is written once more for synchronous code by `python -m codegen`:
`_generated/runtime/messages.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, TypeVar, cast

from ringback._core.client.resource import explained
from ringback._core.webhooks.events import Event
from ringback._generated.app import AsyncReplies
from ringback.app.emitter import wait_async
from ringback.app.events import OutgoingMessage
from ringback.app.live.live import Live
from ringback.app.tags import tagged
from ringback.errors import ApiError, InvalidValue
from ringback.webhooks import MessageStatusChanged

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ringback._core.client.options import RequestOptions
    from ringback._generated.app import ReplyParameters, TextParameters
    from ringback.app.hub import Hub
    from ringback.app.routes import RouteTable
    from ringback.client import AsyncClient, Client
    from ringback.rest import Message
    from ringback.webhooks import MessageStatus

__all__ = ["AsyncLiveMessage", "MessageState", "follow_message_async", "send_async"]

C = TypeVar("C", bound="Client | AsyncClient")
E = TypeVar("E", bound=Event)

NOT_SCHEDULED: Final = 30409  # Twilio's code for a message that can't be called off
ORDER: Final = ("accepted", "scheduled", "queued", "receiving", "sending", "sent")


class MessageState(Live, Generic[C]):
    """What is known of a message."""

    def __init__(self, hub: Hub, routes: RouteTable, client: C, record: Message | None = None) -> None:
        super().__init__(hub, None if record is None else record.sid)
        self._routes = routes
        self._client = client
        self._record = record
        self._status: MessageStatus | None = None

    @property
    def record(self) -> Message:
        """The message as the REST API last told it; see `refresh`."""
        assert self._record is not None, "nobody has it before it is known"  # noqa: S101
        return self._record

    @property
    def status(self) -> MessageStatus:
        """Where the message is on its way, by what was reported last."""
        told, status = self._status, self.record.status
        return status if told is None or _rank(status) > _rank(told) else told

    async def arrived(self, event: Event, /) -> None:
        """Something was reported about it."""
        if isinstance(event, MessageStatusChanged) and (
            self._status is None or _rank(event.status) >= _rank(self._status)
        ):
            self._status = event.status
        await super().arrived(event)

    def _ended(self) -> bool:
        told = self._status or (self._record.status if self._record is not None else ORDER[0])
        return told not in ORDER

    def learn(self, record: Message) -> Message:
        """The REST API told the message's state."""
        self._record = record
        self._sid = record.sid
        return record

    def _answering(self, parameters: ReplyParameters) -> TextParameters:
        """A reply with its ends: who gets it, and from whom."""
        record = self.record
        inbound = record.direction == "inbound"
        to, from_ = (record.from_, record.to) if inbound else (record.to, record.from_)
        if to is None:
            raise InvalidValue("from_", None, "a sender, to whom a reply could go")
        service = parameters.get("messaging_service_sid")
        if from_ is None and service is None:
            service = record.messaging_service_sid
        if from_ is None and service is None:
            raise InvalidValue("from_", None, "a sender, which is not known yet: refresh")
        # A service that is named picks the sender itself.
        ends: TextParameters = {
            "to": to,
            "from_": from_ if parameters.get("messaging_service_sid") is None else None,
            "messaging_service_sid": service,
        }
        return {**parameters, **ends}


@explained
class AsyncLiveMessage(AsyncReplies, MessageState["AsyncClient"]):
    """A message, for asynchronous code.

    Attributes:
        sid: The message's SID, `SM…` or `MM…`.
        record: The message as the REST API last told it.
        status: Where it is on its way, by what was reported last.
    """

    async def wait_for(
        self, event: type[E], /, *, where: Callable[[E], bool] | None = None, timeout: float | None = None
    ) -> E:
        """Wait for something to be reported about the message; what was reported before counts too.

        Each event ends one wait, so that a loop sees one after the other.

        Args:
            event: Its class.
            where: What else has to hold for it, e.g. `lambda e: e.status == "delivered"`.
            timeout: Seconds to wait at most; for ever by default.

        Raises:
            TimeoutError: It did not come in time.
        """
        return cast("E", await wait_async(self._hub, self._next(event, where), timeout))

    async def refresh(self) -> Message:
        """Ask the REST API for the message's state.

        Raises:
            ApiError, TransportError: As for every request.
        """
        return self.learn(await self._client.messages(self.sid).fetch())

    async def cancel(self) -> Message:
        """Call off a message that is scheduled (`send_at`). One that was called off before is no error.

        Returns:
            The message as it is now: `canceled`.

        Raises:
            ApiError: It isn't scheduled any more, so it will be sent or was (code 30409), or another refusal.
            TransportError: As for every request.
        """
        try:
            return self.learn(await self._client.messages(self.sid).update(status="canceled"))
        except ApiError as refused:
            if refused.code != NOT_SCHEDULED or (await self.refresh()).status != "canceled":
                raise
        return self.record

    async def _reply(
        self, parameters: ReplyParameters, options: RequestOptions | None, /
    ) -> AsyncLiveMessage:
        return await send_async(self._hub, self._routes, self._client, self._answering(parameters), options)


async def send_async(
    hub: Hub,
    routes: RouteTable,
    client: AsyncClient,
    parameters: TextParameters,
    options: RequestOptions | None,
) -> AsyncLiveMessage:
    """Send a message whose webhooks find it even if they overtake the answer of the REST API."""
    message = AsyncLiveMessage(hub, routes, client)
    # Which of its overloads it is, is known at run time only.
    create = cast("Callable[..., Awaitable[Message]]", client.messages.create)
    with hub.live.expecting(message) as token:
        record = await create(**parameters, status_callback=_callback(routes, token), options=options)
    _sent(hub, message.learn(record), token)
    return message


async def follow_message_async(
    hub: Hub, routes: RouteTable, client: AsyncClient, sid: str
) -> AsyncLiveMessage:
    """A message that somebody else sent."""
    message = AsyncLiveMessage(hub, routes, client, await client.messages(sid).fetch())
    hub.live.follow(message.sid, message)
    return message


def _callback(routes: RouteTable, token: str) -> str:
    return tagged(routes.callback(MessageStatusChanged).url, "message", token)


def _sent(hub: Hub, record: Message, token: str) -> None:
    hub.live.bind(token, record.sid)
    hub.announce(OutgoingMessage(message_sid=record.sid, to=record.to, from_=record.from_, body=record.body))


def _rank(status: str) -> int:
    return ORDER.index(status) if status in ORDER else len(ORDER)
