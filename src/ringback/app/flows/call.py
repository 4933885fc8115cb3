"""Flows: coroutine functions that lead a whole call, top-down.

`say`, `play` and `pause` add to what the caller will hear; every `await` serves what was added so far and
returns what Twilio reports back. A caller who hangs up raises `CallHungUp` at the `await`, so `finally`
works.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Concatenate, Final, Generic, TypeAlias, TypeVar, cast

import attrs
from attrs import frozen

from ringback._core.webhooks.events import Event, Notification, VoiceRequest
from ringback._generated.flows import FlowVerbs
from ringback.app.checks import is_sync
from ringback.app.flows.besides import Besides
from ringback.app.flows.route import FlowRoute
from ringback.app.flows.runner import FlowRun
from ringback.app.live.rooms import AsyncLiveRoom
from ringback.app.routes import A, Link
from ringback.app.tags import tagged
from ringback.errors import FlowError, InvalidValue
from ringback.twiml import (
    Client,
    Dial,
    Hangup,
    Number,
    Redirect,
    Reject,
    Sip,
    VoiceResponse,
    WhatsApp,
)
from ringback.webhooks import (
    CalleeAnswered,
    CallRedirected,
    CallStatusChanged,
    DialResult,
    IncomingCall,
    OutgoingCall,
    parse,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from ringback._core.webhooks.events import Target
    from ringback._generated.flows import Awaited, Verb
    from ringback._generated.twiml.types import Beep, Method
    from ringback.app.flows.keeper import Keeper
    from ringback.app.flows.machine import Machine
    from ringback.app.hub import Hub
    from ringback.app.routes import RouteTable
    from ringback.app.tags import Tag
    from ringback.app.webhooks.recognise import Identity
    from ringback.client import AsyncClient
    from ringback.client import Client as RestClient
    from ringback.webhooks import ConferenceWait

__all__ = ["AnyFlow", "CallFlow", "ConferenceResult", "Flow", "FlowEvent", "FlowFunction"]

E = TypeVar("E", bound=VoiceRequest)
N = TypeVar("N", bound=Notification)

FlowEvent: TypeAlias = IncomingCall | OutgoingCall | CallRedirected | CalleeAnswered
FlowFunction: TypeAlias = "Callable[Concatenate[CallFlow, A], Awaitable[None]]"


_KINDS: Final[dict[str, type[FlowEvent]]] = {
    kind.__name__: kind for kind in (IncomingCall, OutgoingCall, CallRedirected, CalleeAnswered)
}

# Verbs behind which nothing runs.
_LAST: Final[dict[type, str]] = {Redirect: "redirect", Reject: "reject", Hangup: "hangup"}


@frozen(kw_only=True, repr=False)
class ConferenceResult(DialResult):
    """A call has left its conference.

    Attributes:
        room: The conference's name.
    """

    room: str


@frozen(kw_only=True, eq=False, repr=False)
class Flow(FlowRoute[FlowEvent, FlowEvent, "CallFlow", A], Generic[A]):
    """A registered flow: a link target for calls that come in, are answered or redirected, and for callees of
    `dial`, to whom it speaks before they are connected.

    Attributes:
        function: The coroutine function as it was before `@app.flow`.
    """

    def _kinds(self) -> tuple[type[Event], ...]:
        return tuple(_KINDS.values())

    async def lead(self, run: FlowRun) -> VoiceResponse:
        """Lead a run's call to its end; what is left to serve then.

        Raises:
            FlowError: It returned something, of which nobody would hear.
        """
        call = CallFlow(run)
        self._check_returned(
            await self._called(call, run.arguments),
            "what call.say(…) and its like add is what the caller hears, and call.redirect(…) leads on",
        )
        return VoiceResponse(*call._verbs)

    @classmethod
    def led(cls) -> type[object]:
        """A call."""
        return CallFlow

    def leads(self, event: FlowEvent) -> str:
        """The call."""
        return event.call_sid

    def run(
        self,
        hub: Hub,
        routes: RouteTable,
        event: FlowEvent,
        arguments: dict[str, object],
        *,
        id: str,
        identity: Identity,
        machine: Machine,
        keeper: Keeper,
    ) -> FlowRun:
        """Begin to lead a call."""
        return FlowRun(
            hub, routes, self, event, arguments, id=id, identity=identity, machine=machine, keeper=keeper
        )

    def read_as(self, kind: str, given: Mapping[str, str]) -> FlowEvent:
        """The event that started a run elsewhere.

        Raises:
            WebhookInvalid: It can't be read.
        """
        return parse(_KINDS.get(kind, IncomingCall), given)

    def read(self, given: Mapping[str, str], tag: Tag | None) -> FlowEvent:
        """The event that starts a run.

        Raises:
            WebhookInvalid: It can't be read.
        """
        if tag is not None and tag.kind == "moved":
            return parse(CallRedirected, given)
        match given.get("Direction", ""):
            case "outbound-dial":
                return parse(CalleeAnswered, given)
            case direction if direction.startswith("outbound"):
                return parse(OutgoingCall, given)
            case _:
                return parse(IncomingCall, given)


AnyFlow: TypeAlias = "Flow[...]"


class CallFlow(FlowVerbs, Besides[FlowRun]):
    """A call, as its flow sees it.

    Verbs without a result (`say`, `play`, …) are added to what is served next; verbs that have one are
    awaited, which serves it. Keywords have the names, values and defaults of the attributes of the TwiML
    classes of the same name; those that say where a result goes (`action`, `method`) are the flow's own
    business.

    Attributes:
        event: What started the flow.
        sid: The call.
        from_: Who calls.
        to: Who is called.
    """

    _title = "call"

    def __init__(self, run: FlowRun, /) -> None:
        self.event: FlowEvent = run.event
        self.sid = run.call_sid
        self.from_ = run.event.from_
        self.to = run.event.to
        self._run = run
        self._verbs: list[Verb] = []
        self._last: str | None = None
        self._silent = True

    def __repr__(self) -> str:
        return f"<CallFlow {self._run.flow.name} of {self.sid}>"

    def append(self, *elements: Verb) -> None:
        """Add TwiML as it is, for what the verbs here can't say.

        A verb with an `action` of its own takes the call away from the flow. Without one its result is lost,
        and `Gather` and `Record` have this document asked for, and heard, again.

        Raises:
            FlowError: `redirect`, `reject` or `hangup` came before.
        """
        for element in elements:
            self._add(element, last=_LAST.get(type(element)))

    def room(self, client: AsyncClient, name: str | None = None, /) -> AsyncLiveRoom:
        """A conference, to bring others into it and to lead it; the caller comes in by
        `join_conference(room.name)`.

        Args:
            client: What to do it with.
            name: What the room is called; a random name by default, which nobody else can guess.

        Raises:
            InvalidValue: It is no `AsyncClient`: another one would stop everything in this loop.
        """
        if is_sync(cast("AsyncClient | RestClient", client)):
            raise InvalidValue("client", client, "a ringback.AsyncClient, which doesn't stop the flow's loop")
        return AsyncLiveRoom(client, self._room_name(name))

    async def put_on_hold(
        self,
        room: str | None = None,
        /,
        *,
        wait_url: str | Target[ConferenceWait] | None = None,
        wait_method: Method | None = None,
        beep: Beep | None = False,
        time_limit: int | None = None,
    ) -> ConferenceResult:
        """Let the caller wait with music, alone in a conference, until the call is redirected or somebody
        joins.

        Args:
            room: The conference's name; a random one by default.
            wait_url: What they hear, as for `ringback.twiml.Conference`; Twilio's classical music by default.
            wait_method: How `wait_url` is asked for, POST by default; an audio file is better asked by GET.
            beep: Whether a tone is heard as somebody joins or leaves; none by default, unlike in a
                conference.
            time_limit: Seconds that they wait at most; for as long as they like by default.

        Returns:
            How it went, and the room, once somebody who joined has left again, or the time was up.

        Raises:
            CallHungUp: The call ended.
            FlowError: `redirect`, `reject` or `hangup` came before, or another await is under way.
        """
        return await self.join_conference(
            room,
            beep=beep,
            start_conference_on_enter=False,
            wait_url=wait_url,
            wait_method=wait_method,
            time_limit=time_limit,
        )

    async def put_on_hold_without_music(
        self, room: str | None = None, /, *, beep: Beep | None = False, time_limit: int | None = None
    ) -> ConferenceResult:
        """The same in silence."""
        return await self.put_on_hold(room, wait_url="", beep=beep, time_limit=time_limit)

    # --- inside

    def _add(self, verb: Verb, *, last: str | None = None) -> None:
        self._check_open()
        if isinstance(verb, Reject):
            self._check_rejectable()
        if isinstance(verb, Redirect) and not verb.text:
            raise FlowError("redirect: without a URL Twilio would ask for this very answer again and again")
        if isinstance(verb, Redirect):
            verb = self._anew(verb)
        self._verbs.append(verb)
        self._silent = False
        self._last = last

    def _check_open(self) -> None:
        if self._last is not None:
            raise FlowError(f"nothing can follow {self._last}: let the flow return")

    def _anew(self, redirect: Redirect) -> Redirect:
        """A redirect to a flow that no other one looks like: the same flow may be gone to twice, and saying
        the same twice would be a repetition.
        """
        target = redirect._text
        route = target.route if isinstance(target, Link) else target
        if not isinstance(target, Flow | Link) or not isinstance(route, Flow):
            return redirect
        visit = f"{self._run.machine.random.getrandbits(48):012x}"
        return Redirect(tagged(target.url, "again", visit), method=redirect.method)

    def _check_rejectable(self) -> None:
        if not isinstance(self.event, IncomingCall):
            raise FlowError("reject: only an incoming call can be rejected")
        if not self._silent:
            raise FlowError("reject: it has to come first, before anything that answers the call")

    async def _ask(self, verb: Awaited, expects: type[E]) -> E | None:
        self._check_open()
        # Twilio goes on with the next verb where there is nothing to tell; Dial always asks its action.
        onward = () if isinstance(verb, Dial) else (Redirect(self._run.url("none")),)
        if isinstance(verb, Dial):
            verb._fill(tuple(map(self._followed, verb.children)))
        document, name = VoiceResponse(*self._verbs, verb, *onward), type(verb).__name__
        del verb, onward  # ten thousand flows may wait here
        await self._run.serve(document, name)
        del document
        self._verbs = []
        self._silent = False
        return await self._run.result(expects)

    async def _told(self, verb: Awaited, expects: type[E]) -> E:
        name, asking = type(verb).__name__, self._ask(verb, expects)
        del verb
        result = await asking
        if result is None:
            raise FlowError(f"Twilio went on after a {name} without telling its result")
        return result

    async def _join(self, room: str | None, dial: Callable[[str], Dial]) -> ConferenceResult:
        name = self._room_name(room)
        result = await self._told(dial(name), DialResult)
        known = {field.name: getattr(result, field.name) for field in attrs.fields(DialResult)}
        return ConferenceResult(room=name, **known)

    def _room_name(self, given: str | None) -> str:
        return self._run.machine.uuid().hex if given is None else given

    def _followed(self, noun: object) -> object:
        """Have the end of a callee's call reported where a flow speaks to them first: nobody else would tell
        it that they hung up.
        """
        if not isinstance(noun, (Client, Number, Sip, WhatsApp)):
            return noun
        whispers = noun.url.route if isinstance(noun.url, Link) else noun.url
        if not isinstance(whispers, Flow) or noun.status_callback is not None:
            return noun
        followed = copy(noun)
        followed._status_callback = self._run.routes.callback(CallStatusChanged)
        return followed

    def _url(self, expects: type[VoiceRequest]) -> str:
        return self._run.url(expects.__name__)

    def _callback(self, event: type[N]) -> Target[N]:
        return self._run.routes.callback(event)
