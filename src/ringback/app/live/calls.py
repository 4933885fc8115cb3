"""Calls that live, and may be followed, moved and ended.

What is async here is written once more for synchronous code by `python -m codegen`:
`_generated/runtime/calls.py`.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeAlias, TypedDict, TypeVar, cast

from ringback._core.client.resource import explained
from ringback._core.twiml.values import way_to
from ringback._core.webhooks.events import Event, VoiceRequest
from ringback.app.checks import check_target
from ringback.app.emitter import wait_async
from ringback.app.flows.machine import FINAL
from ringback.app.live.live import Live
from ringback.app.tags import tagged
from ringback.errors import ApiError, CallHungUp, InvalidValue, NotFound, TransportError
from ringback.twiml import VoiceResponse
from ringback.webhooks import (
    CallConnected,
    CallEnded,
    CallInitiated,
    CallRedirected,
    CallRinging,
    CallStatusChanged,
    IncomingCall,
    MachineDetectionResult,
    OutgoingCall,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ringback._core.client.options import RequestOptions
    from ringback._core.webhooks.events import Target
    from ringback._generated.app import DialParameters
    from ringback.app.flows.runs import FlowRuns
    from ringback.app.hub import Hub
    from ringback.app.routes import Method, RouteTable
    from ringback.client import AsyncClient, Client
    from ringback.rest import Call, CallStatusCallbackEvent, CallUpdateStatus
    from ringback.webhooks import CallStatus, VoiceFallback

__all__ = ["AsyncLiveCall", "CallState", "First", "follow_call_async", "place_async"]

Elsewhere: TypeAlias = (
    "str | VoiceResponse | Target[IncomingCall] | Target[OutgoingCall] | Target[CallRedirected]"
)
"""Where a live call can be moved."""

C = TypeVar("C", bound="Client | AsyncClient")
E = TypeVar("E", bound=Event)


class _Asked(TypedDict, total=False):
    url: str
    twiml: VoiceResponse
    method: Method | None
    fallback_url: str
    fallback_method: Method | None
    status_callback: str
    status_callback_method: Method | None
    status_callback_event: list[CallStatusCallbackEvent]
    async_amd_status_callback: str


class First(NamedTuple):
    """What happens once a call is answered, and what if that can't be had."""

    answer: VoiceResponse | Target[OutgoingCall]
    fallback: str | Target[VoiceFallback] | None = None


class _Move(TypedDict, total=False):
    url: str
    twiml: VoiceResponse
    method: Method | None


NOT_LIVE: Final = 21220  # Twilio's code for a call that isn't in a state for what is asked of it
ORDER: Final = ("queued", "initiated", "ringing", "in-progress")


class CallState(Live, Generic[C]):
    """What is known of a call."""

    _ONCE = (CallInitiated, CallRinging, CallConnected, CallEnded)

    def __init__(self, hub: Hub, flows: FlowRuns, client: C, record: Call | None = None) -> None:
        super().__init__(hub, None if record is None else record.sid)
        self._flows = flows
        self._client = client
        self._record = record
        self._status: CallStatus | None = None
        self._over = record.status if record is not None and record.status in FINAL else None

    @property
    def record(self) -> Call:
        """The call as the REST API last told it; see `refresh`."""
        assert self._record is not None, "nobody has it before it is known"  # noqa: S101
        return self._record

    @property
    def status(self) -> CallStatus:
        """Where the call is in its life, by what was reported last."""
        told, status = self._status, self.record.status
        return status if told is None or _rank(status) > _rank(told) else told

    async def arrived(self, event: Event, /) -> None:
        """Something was reported about it."""
        if isinstance(event, CallStatusChanged) and (
            self._status is None or _rank(event.status) > _rank(self._status)
        ):
            self._status = event.status
        await super().arrived(event)

    def learn(self, record: Call) -> Call:
        """The REST API told the call's state."""
        self._record = record
        self._sid = record.sid
        return record

    def _ended(self) -> bool:
        return self._status in FINAL or (self._record is not None and self._record.status in FINAL)

    def _check_open(self, event: type[Event]) -> None:
        if self._over is not None and issubclass(event, (CallStatusChanged, VoiceRequest)):
            raise CallHungUp(self.sid, self._over)

    def _check_possible(self, event: type[Event], came: Event) -> None:
        if isinstance(came, CallEnded) and event in (CallInitiated, CallRinging, CallConnected):
            raise CallHungUp(came.call_sid, came.status)

    def _check_over(self, refused: ApiError) -> None:
        """Raise where the call, as we know it by now, is over, and was refused to be moved for that."""
        if self.record.status in FINAL:
            raise CallHungUp(self.sid, self.record.status) from refused


@explained
class AsyncLiveCall(CallState["AsyncClient"]):
    """A call, for asynchronous code.

    Attributes:
        sid: The call's SID, `CA…`.
        record: The call as the REST API last told it.
        status: Where it is in its life, by what was reported last.
    """

    async def wait_for(
        self, event: type[E], /, *, where: Callable[[E], bool] | None = None, timeout: float | None = None
    ) -> E:
        """Wait for something to be reported about the call; what was reported before counts too.

        Each event ends one wait. `CallInitiated`, `CallRinging`, `CallConnected` and `CallEnded`, which
        happen once, end every wait for them.

        Args:
            event: Its class.
            where: What else has to hold for it.
            timeout: Seconds to wait at most; for ever by default.

        Raises:
            TimeoutError: It did not come in time.
            CallHungUp: The call ended, so that it can't ring or be answered any more; or it had ended before
                it was followed, so that nothing will be told of it.
        """
        return cast("E", await wait_async(self._hub, self._next(event, where), timeout))

    async def refresh(self) -> Call:
        """Ask the REST API for the call's state.

        Raises:
            ApiError, TransportError: As for every request.
        """
        return self.learn(await self._client.calls(self.sid).fetch())

    async def hangup(self) -> Call:
        """End the call, answered or not. One that is over already is what was asked for, and no error.

        Returns:
            The call as it is now; where it was over already, as it ended.

        Raises:
            ApiError, TransportError: As for every request.
        """
        return await self._end("completed")

    async def cancel(self) -> Call:
        """Take the call back unless it has been answered; an answered call goes on.

        Returns:
            The call as it is now: its status is `canceled` where it was taken back, and otherwise says what
            came first.

        Raises:
            ApiError, TransportError: As for every request.
        """
        return await self._end("canceled")

    async def redirect(self, target: Elsewhere, /, *, method: Method | None = None) -> Call:
        """Let the call go on elsewhere, whatever it does now. A flow that leads it is cancelled, once Twilio
        has taken the request; a `dial` that this interrupts brings it no result.

        Args:
            target: A URL, TwiML of at most 4,000 characters, a handler or a flow.
            method: How a URL is asked for; POST by default, and as a handler says by itself.

        Raises:
            CallHungUp: The call is over, so that nothing can be moved. (A flow of its hears that too.)
            ApiError: Another refusal, such as of a call that hasn't been answered yet (code 21220).
            TransportError: As for every request. Where it was sent, the call may have moved.
            InvalidValue: The target isn't one, its TwiML is too long, or there is no URL for the method.
        """
        moved = moved_to(target, method)
        call = self._client.calls(self.sid)
        async with self._flows.moving_async(self.sid):
            try:
                return self.learn(await call.update(**moved))
            except ApiError as refused:
                if not no_longer_live(refused):
                    raise
                with suppress(NotFound):
                    await self.refresh()
                self._check_over(refused)
                raise

    async def _end(self, status: CallUpdateStatus) -> Call:
        try:
            return self.learn(await self._client.calls(self.sid).update(status=status))
        except ApiError as refused:
            if not no_longer_live(refused):
                raise
        # It is over, whatever becomes of asking how it ended.
        with suppress(ApiError, TransportError):
            await self.refresh()
        return self.record


async def place_async(
    hub: Hub,
    routes: RouteTable,
    flows: FlowRuns,
    client: AsyncClient,
    first: First,
    parameters: DialParameters,
    options: RequestOptions | None,
) -> AsyncLiveCall:
    """Place a call whose webhooks find it even if they overtake the answer of the REST API."""
    call = AsyncLiveCall(hub, flows, client)
    # Which of its overloads it is, is known at run time only.
    create = cast("Callable[..., Awaitable[Call]]", client.calls.create)
    with hub.live.expecting(call) as token:
        asked = _asked(routes, first, token, parameters)
        record = await create(**asked, **parameters, options=options)
    call.learn(record)
    hub.live.bind(token, record.sid)
    return call


async def follow_call_async(hub: Hub, flows: FlowRuns, client: AsyncClient, sid: str) -> AsyncLiveCall:
    """A call that somebody else placed."""
    call = AsyncLiveCall(hub, flows, client, await client.calls(sid).fetch())
    hub.live.follow(call.sid, call)
    return call


def _asked(routes: RouteTable, first: First, token: str, parameters: DialParameters) -> _Asked:
    """What Twilio asks about a call, and where: every URL carries the token that tells the call."""

    def ours(url: str) -> str:
        return tagged(url, "call", token)

    reports = routes.callback(CallStatusChanged)
    asked: _Asked = {
        "status_callback": ours(reports.url),
        "status_callback_method": way_to(reports),
        "status_callback_event": ["initiated", "ringing", "answered", "completed"],
    }
    if parameters.get("async_amd"):
        asked["async_amd_status_callback"] = ours(routes.callback(MachineDetectionResult).url)
    if isinstance(first.answer, VoiceResponse):
        asked["twiml"] = first.answer
    else:
        asked["url"], asked["method"] = ours(first.answer.url), way_to(first.answer)
    if isinstance(first.fallback, str):
        asked["fallback_url"] = first.fallback
    elif first.fallback is not None:
        asked["fallback_url"], asked["fallback_method"] = ours(first.fallback.url), way_to(first.fallback)
    return asked


def no_longer_live(refused: ApiError) -> bool:
    """Whether Twilio refuses to change a call because it isn't live: with 404 right after its end, with code
    21220 later.
    """
    return isinstance(refused, NotFound) or refused.code == NOT_LIVE


def moved_to(target: Elsewhere, method: Method | None) -> _Move:
    """Where a call is moved, as the REST API is told.

    The URL of a handler or flow is a new one every time, so that no move is taken for a repetition.
    """
    if isinstance(target, VoiceResponse):
        if method is not None:
            raise InvalidValue("method", method, "None: TwiML is not asked for")
        return {"twiml": target}
    if isinstance(target, str):
        return {"url": target, "method": method}
    allowed = "a URL, a VoiceResponse, a handler of CallRedirected, IncomingCall or OutgoingCall, or a flow"
    check_target("target", target, CallRedirected, IncomingCall, OutgoingCall, allowed=allowed)
    return {"url": tagged(target.url, "moved", secrets.token_urlsafe(9)), "method": method or way_to(target)}


def _rank(status: str) -> int:
    return ORDER.index(status) if status in ORDER else len(ORDER)
