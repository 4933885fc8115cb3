"""What an application starts and follows through the REST API."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar, cast, overload

from ringback._core.client.resource import explained
from ringback._core.twiml.values import way_to
from ringback._core.webhooks.events import Event
from ringback._generated.app import Starts
from ringback._generated.runtime.calls import LiveCall, follow_call, place
from ringback._generated.runtime.installing import install
from ringback._generated.runtime.messages import LiveMessage, follow_message, send
from ringback._generated.runtime.rooms import LiveRoom
from ringback.app.checks import address, check_target, is_sync
from ringback.app.conversations.addresses import check_ends
from ringback.app.conversations.route import Conversation
from ringback.app.installing import install_async
from ringback.app.live.calls import AsyncLiveCall, First, follow_call_async, place_async
from ringback.app.live.messages import AsyncLiveMessage, follow_message_async, send_async
from ringback.app.live.rooms import AsyncLiveRoom
from ringback.app.loops.portal import check_no_loop
from ringback.errors import InvalidValue
from ringback.twiml import VoiceResponse
from ringback.webhooks import IncomingMessage, OutgoingCall, VoiceFallback

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from ringback._core.client.options import RequestOptions
    from ringback._core.webhooks.events import Target
    from ringback._generated.app import DialParameters, TextParameters
    from ringback.app.conversations.route import Converses
    from ringback.app.flows.runs import FlowRuns
    from ringback.app.hub import Hub
    from ringback.app.registry import Registry
    from ringback.app.routes import Method
    from ringback.app.webhooks.verify import SignatureCheck
    from ringback.client import AsyncClient, Client
    from ringback.rest import Application as ApplicationRecord

__all__ = ["Starting"]

E = TypeVar("E", bound=Event)


@explained
class Starting(Starts):
    """What an application starts and follows; `dial` and `text` are generated.

    With a `Client` it is done at once, with an `AsyncClient` it has to be awaited.
    """

    _hub: Hub
    _registry: Registry
    _signatures: SignatureCheck
    _flows: FlowRuns

    def _dial(
        self,
        client: Client | AsyncClient,
        answer: VoiceResponse | Target[OutgoingCall],
        fallback: str | Target[VoiceFallback] | None,
        parameters: DialParameters,
        options: RequestOptions | None,
        /,
    ) -> LiveCall | Awaitable[AsyncLiveCall]:
        # A URL would lead elsewhere, where nobody knows the call: that is for `client.calls.create`.
        if not isinstance(answer, VoiceResponse):
            check_target(
                "answer", answer, OutgoingCall, allowed="a VoiceResponse, a handler of OutgoingCall or a flow"
            )
        if fallback is not None and not isinstance(fallback, str):
            check_target("fallback", fallback, VoiceFallback, allowed="a URL or a handler of VoiceFallback")
        self._signatures.check_usable()
        hub, routes, flows, first = self._hub, self._registry.routes, self._flows, First(answer, fallback)
        if is_sync(client):
            return place(hub, routes, flows, client, first, parameters, options)
        return place_async(hub, routes, flows, client, first, parameters, options)

    def _text(
        self, client: Client | AsyncClient, parameters: TextParameters, options: RequestOptions | None, /
    ) -> LiveMessage | Awaitable[AsyncLiveMessage]:
        self._signatures.check_usable()
        if is_sync(client):
            return send(self._hub, self._registry.routes, client, parameters, options)
        return send_async(self._hub, self._registry.routes, client, parameters, options)

    @overload
    def converse(self, client: Client, /, *, to: str, from_: str, flow: Converses) -> None: ...
    @overload
    def converse(
        self, client: AsyncClient, /, *, to: str, from_: str, flow: Converses
    ) -> Awaitable[None]: ...
    def converse(
        self,
        client: Client | AsyncClient,
        /,
        *,
        to: str,
        from_: str,
        flow: Converses,
    ) -> Awaitable[None] | None:
        """Begin a conversation by text: the flow speaks first, and what is answered comes to it.

        The number has to report its incoming messages to this application: to any flow or handler of
        `IncomingMessage`.

        Args:
            client: What to send with; with an `AsyncClient` the result has to be awaited. Where the
                conversation goes on in another process, the application's own `client=` is used.
            to: Whom to write to: a phone number in E.164 form, or an address such as
                `whatsapp:+15558675310`.
            from_: Our address on the same channel.
            flow: What leads the conversation: a flow of `IncomingMessage`, or `flow.bind(…)`.

        Raises:
            InvalidValue: An address isn't one, or `flow` is no flow of messages or lacks an argument.
            FlowError: The two are in a conversation already.
            ConfigurationError: Workers share the store, and the application has no `client=`.
            RuntimeError: An event loop runs in this thread, and the client is a `Client`.

        See https://www.twilio.com/docs/messaging/api/message-resource
        """
        self._signatures.check_usable()
        check_ends(to, from_)
        check_target("flow", flow, IncomingMessage, allowed="a flow of IncomingMessage")
        route = cast("object", getattr(flow, "route", flow))
        if not isinstance(route, Conversation):
            raise InvalidValue("flow", flow, "a flow of IncomingMessage")
        begin = partial(self._flows.converse, route, flow.url, client, to=to, from_=from_)
        if not is_sync(client):
            return begin()
        check_no_loop()
        self._hub.run(begin())
        return None

    def _address(self, field: str, target: str | Target[E] | None, event: type[E], /) -> str | None:
        return address(field, target, event)

    def _way(self, target: object, method: Method | None, /) -> Method | None:
        return method or way_to(target)

    @overload
    def follow_call(self, client: Client, sid: str, /) -> LiveCall: ...
    @overload
    def follow_call(self, client: AsyncClient, sid: str, /) -> Awaitable[AsyncLiveCall]: ...
    def follow_call(self, client: Client | AsyncClient, sid: str, /) -> LiveCall | Awaitable[AsyncLiveCall]:
        """A call that this application did not place, such as an incoming one, to move, end or listen to.

        What it tells from then on is what is reported to this application.

        Raises:
            InvalidValue: `sid` isn't a call's.
            ApiError, TransportError: As for every request.
        """
        if is_sync(client):
            return follow_call(self._hub, self._flows, client, sid)
        return follow_call_async(self._hub, self._flows, client, sid)

    @overload
    def follow_message(self, client: Client, sid: str, /) -> LiveMessage: ...
    @overload
    def follow_message(self, client: AsyncClient, sid: str, /) -> Awaitable[AsyncLiveMessage]: ...
    def follow_message(
        self, client: Client | AsyncClient, sid: str, /
    ) -> LiveMessage | Awaitable[AsyncLiveMessage]:
        """A message that this application did not send, such as an incoming one, to reply or listen to.

        Raises:
            InvalidValue: `sid` isn't a message's.
            ApiError, TransportError: As for every request.
        """
        if is_sync(client):
            return follow_message(self._hub, self._registry.routes, client, sid)
        return follow_message_async(self._hub, self._registry.routes, client, sid)

    @overload
    def room(self, client: Client, name: str, /) -> LiveRoom: ...
    @overload
    def room(self, client: AsyncClient, name: str, /) -> AsyncLiveRoom: ...
    def room(self, client: Client | AsyncClient, name: str, /) -> LiveRoom | AsyncLiveRoom:
        """A conference by its name, to add people to it, to mute and hold them, to speak to all.

        Nothing is asked of Twilio yet, so that there is nothing to await.
        """
        return LiveRoom(client, name) if is_sync(client) else AsyncLiveRoom(client, name)

    @overload
    def install(
        self, client: Client, /, *, friendly_name: str, phone_number: str | None = None
    ) -> ApplicationRecord: ...
    @overload
    def install(
        self, client: AsyncClient, /, *, friendly_name: str, phone_number: str | None = None
    ) -> Awaitable[ApplicationRecord]: ...
    def install(
        self, client: Client | AsyncClient, /, *, friendly_name: str, phone_number: str | None = None
    ) -> ApplicationRecord | Awaitable[ApplicationRecord]:
        """Tell Twilio the URLs of this application: create the TwiML application of that name, or update it.

        Fallback URLs are set where `VoiceFallback` or `MessageFallback` has a handler. Ends of calls and the
        fate of messages are reported to the application's own URLs.

        Args:
            client: What to do it with; with an `AsyncClient` the result has to be awaited.
            friendly_name: What the TwiML application is called, at most 64 characters. Of several, one is
                updated.
            phone_number: A number of the account that shall use it, in E.164 form.

        Raises:
            RegistrationError: The number is none of the account's.
            ApiError, TransportError: As for every request.

        See https://www.twilio.com/docs/usage/api/applications
        """
        if is_sync(client):
            return install(self._registry, client, friendly_name=friendly_name, phone_number=phone_number)
        return install_async(self._registry, client, friendly_name=friendly_name, phone_number=phone_number)
