"""The application: what you write handlers, listeners and flows for, and what web servers hand webhooks
to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeAlias, TypeVar, cast, overload

from ringback._core.client.resource import explained
from ringback._core.webhooks.events import Event, MessageRequest, Notification, VoiceRequest
from ringback._generated.runtime.constructors import Constructors
from ringback.app.checks import (
    check_event,
    check_listener,
    check_registered,
    check_takes_one,
)
from ringback.app.emitter import wait_async
from ringback.app.events import LocalEvent
from ringback.app.flows.runs import FlowRuns
from ringback.app.flows.turns import FlowsInTurn
from ringback.app.hub import Hub
from ringback.app.loops.budget import Budget
from ringback.app.loops.portal import close_in_portal
from ringback.app.registry import Registry
from ringback.app.starting import Starting
from ringback.app.webhooks.refusals import Refusals
from ringback.app.webhooks.serve import WebhookServer
from ringback.app.webhooks.verify import SignatureCheck
from ringback.errors import RegistrationError
from ringback.stores.memory import MemoryStore
from ringback.twiml import MessagingResponse, VoiceResponse
from ringback.webhooks import CalleeAnswered, IncomingCall, IncomingMessage, OutgoingCall

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from ringback.app.conversations.route import Conversation, ConversationFunction
    from ringback.app.cookies import WithCookies
    from ringback.app.flows.call import Flow, FlowFunction
    from ringback.app.routes import Callback, Handler
    from ringback.app.settings import Settings
    from ringback.http import WebhookRequest, WebhookResponse

__all__ = ["Application"]

A = ParamSpec("A")
E = TypeVar("E", bound=Event)
V = TypeVar("V", bound=VoiceRequest)
M = TypeVar("M", bound=MessageRequest)
N = TypeVar("N", bound=Notification)
L = TypeVar("L", bound=LocalEvent)
Voice: TypeAlias = "VoiceResponse | WithCookies[VoiceResponse]"
Texts: TypeAlias = "MessagingResponse | WithCookies[MessagingResponse] | None"
RV = TypeVar("RV", bound="Voice | Awaitable[Voice]")
RM = TypeVar("RM", bound="Texts | Awaitable[Texts]")
RN = TypeVar("RN", bound="Awaitable[None] | None")


def _decorates(event: Event, /) -> None:
    """Stands for the listener that `Application.on` isn't given where it is a decorator."""


@explained
class Application(Constructors, Starting):
    """Answers Twilio's webhooks, places calls, sends texts and follows what becomes of them.

    Its settings are told with its constructor: `help(Application.__init__)`.

    See https://www.twilio.com/docs/usage/webhooks
    """

    def _set_up(self, settings: Settings, /) -> None:
        self._hub = Hub(settings)
        self._registry = Registry(settings.public_url, settings.overrides)
        refusals = Refusals()
        self._signatures = SignatureCheck(settings, refusals)
        self._flows = FlowRuns(self._hub, self._registry.routes)
        self._webhooks = WebhookServer(
            self._hub, self._registry.routes, self._signatures, self._flows, refusals
        )

    @property
    def public_url(self) -> str:
        """Where Twilio reaches this application, without a slash at the end."""
        return self._hub.settings.public_url

    @property
    def max_body(self) -> int:
        """Bytes that a webhook may have."""
        return self._hub.settings.max_body

    def __repr__(self) -> str:
        return f"<Application at {self.public_url}>"

    # --- registering

    @overload
    def on(
        self, event: type[V], /, *, path: str | None = None
    ) -> Callable[[Callable[Concatenate[V, A], RV]], Handler[V, RV, A]]: ...
    @overload
    def on(
        self, event: type[M], /, *, path: str | None = None
    ) -> Callable[[Callable[Concatenate[M, A], RM]], Handler[M, RM, A]]: ...
    @overload
    def on(
        self, event: type[N], /, *, path: str | None = None
    ) -> Callable[[Callable[Concatenate[N, A], RN]], Handler[N, RN, A]]: ...
    @overload
    def on(self, event: type[L], /) -> Callable[[Callable[[L], RN]], Callable[[L], RN]]: ...
    @overload
    def on(self, event: type[E], listener: Callable[[E], object], /) -> None: ...
    def on(
        self, event: type[E], listener: Callable[[E], object] = _decorates, /, *, path: str | None = None
    ) -> object:
        """Register a handler, as a decorator, or a listener.

        `@app.on(GatherResult)` makes a function the handler of a URL and gives it back as a `Handler`: a link
        target that can still be called like the function. Handlers of voice requests return a
        `VoiceResponse`, those of messages a `MessagingResponse` or None, those of notifications nothing;
        responses may come `WithCookies`. They may be async; others run in threads. Handlers of notifications
        also get what is reported to the application's own URLs (`callback`).

        What else a handler takes has to be keyword-only, and of a kind that a link can carry:
        `action=choose.bind(table=4)`. One that can't be called without is never what answers a number.

        `app.on(CallEnded, listener)` calls `listener` with every such event of the application, whatever URL
        it came to, and what it returns is ignored.

        Args:
            event: The class of the events.
            listener: What to call.
            path: The path of the URL after the public one, such as `/menu/choose`; the function's name by
                default.

        Raises:
            RegistrationError: The path is taken or isn't one, the function has no name to make one of,
                another handler takes these events already where there can be one only, or the event or
                function is none.
        """
        check_registered(event, "app.on")
        if listener is not _decorates:
            check_listener(listener, event)
            if path is not None:
                raise RegistrationError(f"path: a listener has no URL, got {path!r}; @app.on makes a handler")
            self._hub.listeners.on(event, listener)
            return None
        if path is not None and issubclass(event, LocalEvent):
            raise RegistrationError(f"path: {event.__name__} doesn't come from Twilio, got {path!r}")

        def register(function: Callable[[E], object]) -> object:
            check_takes_one("function", function, event, named=not issubclass(event, LocalEvent))
            if issubclass(event, LocalEvent):
                self._hub.listeners.on(event, function)
                return function
            handler = self._registry.handler(event, function, path)
            if issubclass(event, Notification) and not handler.arguments.required:
                self._hub.handlers.on(event, function)
            return handler

        return register

    @overload
    def flow(
        self,
        event: type[IncomingCall | OutgoingCall | CalleeAnswered],
        /,
        *,
        path: str | None = None,
        version: str = "",
    ) -> Callable[[FlowFunction[A]], Flow[A]]: ...
    @overload
    def flow(
        self, event: type[IncomingMessage], /, *, path: str | None = None, version: str = ""
    ) -> Callable[[ConversationFunction[A]], Conversation[A]]: ...
    def flow(self, event: type[Event], /, *, path: str | None = None, version: str = "") -> object:
        """Register a coroutine function that leads whole calls or conversations by text, as a decorator.

        The `Flow` that it becomes is a link target for incoming, outgoing, dialled and redirected calls
        alike; `event` says whether it is what answers the application's numbers. A `Conversation` answers
        messages, and is what `converse` begins.

        Args:
            event: `IncomingCall`, `OutgoingCall`, or `CalleeAnswered` for one that speaks to whom
                `dial` called before they are connected; or `IncomingMessage`.
            path: The path of its URL after the public one; the function's name by default.
            version: What tells it from the functions that it had before, where calls may outlive a deploy;
                `Flow.older` keeps those for the calls that they lead.

        Raises:
            RegistrationError: As for `on`, or the function isn't async.
        """
        check_registered(event, "app.flow")
        registry = self._registry
        if event is IncomingMessage:

            def converses(function: ConversationFunction[A]) -> Conversation[A]:
                return registry.conversation(function, path, version)

            return converses
        if not (event is IncomingCall or event is OutgoingCall or event is CalleeAnswered):
            raise RegistrationError(
                "event: expected IncomingCall, OutgoingCall, CalleeAnswered or IncomingMessage, which start "
                f"a flow, got {event.__name__}"
            )

        def leads(function: FlowFunction[A]) -> Flow[A]:
            return registry.flow(event, function, path, version)

        return leads

    def callback(self, event: type[N], /) -> Callback[N]:
        """A URL of the application's own that Twilio may report to, e.g.
        `status_callback=app.callback(CallRinging)`.

        What is reported there goes to all listeners and to all handlers of its class.

        Raises:
            RegistrationError: `event` is no notification that Twilio sends.
        """
        check_registered(event)
        return self._registry.routes.callback(event)

    @property
    def voice_url(self) -> str | None:
        """The URL for a phone number's incoming calls, or None where nothing handles `IncomingCall`."""
        entry = self._registry.entry(IncomingCall)
        return None if entry is None else entry.url

    @property
    def message_url(self) -> str | None:
        """The URL for a phone number's incoming messages, or None where nothing handles `IncomingMessage`."""
        entry = self._registry.entry(IncomingMessage)
        return None if entry is None else entry.url

    # --- listening

    def once(self, event: type[E], listener: Callable[[E], object], /) -> None:
        """Call `listener` with the next such event alone."""
        check_registered(event)
        check_listener(listener, event)
        self._hub.listeners.on(event, listener, once=True)

    def off(self, event: type[E], listener: Callable[[E], object], /) -> None:
        """Stop calling `listener`; nothing happens where it isn't registered for `event`."""
        self._hub.listeners.off(event, listener)

    async def wait_for(
        self, event: type[E], /, *, where: Callable[[E], bool] | None = None, timeout: float | None = None
    ) -> E:
        """Wait for the next such event; where workers share a store, whichever of them it comes to.

        Args:
            event: Its class.
            where: What else has to hold for it.
            timeout: Seconds to wait at most; for ever by default.

        Raises:
            InvalidValue: `event` is no class of events.
            TimeoutError: It did not come in time.
        """
        check_event(event)
        waiter = self._hub.listeners.next(
            lambda came: isinstance(came, event) and (where is None or where(came))
        )
        try:
            if self._hub.live.elsewhere is not None:
                await self._hub.live.elsewhere.begin_to_wait()
            return cast("E", await wait_async(self._hub, waiter.future, timeout))
        finally:
            waiter.future.cancel()

    # --- serving

    def matches(self, request: WebhookRequest, /) -> bool:
        """Whether the request, by its method and path, is one for this application."""
        return self._rank(request) is not None

    async def handle(self, request: WebhookRequest, /, *, arrived: float | None = None) -> WebhookResponse:
        """Answer a webhook. Never raises for what the request is, or for what a handler does.

        Args:
            request: What Twilio sent.
            arrived: When its first byte came, by `time.monotonic()`: the deadline counts from then on. Now by
                default.
        """
        return await self._webhooks.handle(request, self._budget(arrived))

    def handle_sync(self, request: WebhookRequest, /, *, arrived: float | None = None) -> WebhookResponse:
        """The same from synchronous code, in any thread that runs no event loop.

        Everything asynchronous runs in one background thread, where flows go on between webhooks. Where that
        is blocked, the caller is held all the same once the deadline has come.

        Raises:
            RuntimeError: An event loop runs in this thread.
        """
        return self._webhooks.handle_sync(request, self._budget(arrived))

    def start(self) -> None:
        """Join the workers that share the store, so that this one hears of what is due there: timeouts of
        conversations, and calls whose worker is gone.

        Done by the first webhook, and by the ASGI adapter as its server starts. Under WSGI, call it where a
        worker begins, such as gunicorn's `post_worker_init`. Without a shared store there is nothing to do.
        """
        self._hub.begin()
        if self._flows.sharing is not None:
            self._flows.sharing.worker.start()

    async def aclose(self) -> None:
        """Cancel flows and handlers that are under way, and wait for those of this event loop to clean up:
        2 seconds, whatever they do. Callers who wait for an answer hear the fallback.

        Where workers share a store, flows aren't cancelled but left to the others: those that wait for their
        caller at once, those that compute as soon as they wait, for which they have 5 seconds.
        """
        self._webhooks.close()
        await self._flows.let_go()
        await self._hub.aclose()

    def close(self) -> None:
        """The same from synchronous code.

        Raises:
            RuntimeError: An event loop runs in this thread.
        """
        close_in_portal(self.aclose)

    # --- inside

    def _budget(self, arrived: float | None) -> Budget:
        return Budget(self._hub.settings.deadline, arrived)

    def _rank(self, request: WebhookRequest) -> int | None:
        match = self._registry.routes.find(request)
        return None if match is None or request.method not in match.route.methods else match.rank

    def _watch_flows(self, workers: int) -> None:
        """Keep journals of flows from now on, for a test; of several workers each webhook gets the next."""
        if workers:
            self._flows = FlowsInTurn(self._hub, self._registry.routes, workers)
            self._webhooks.use(self._flows)
        else:
            self._flows.journals = {}

    async def _unwatch_flows(self) -> None:
        self._flows.journals = None
        if isinstance(self._flows, FlowsInTurn):
            await self._flows.let_go()
            self._flows = FlowRuns(self._hub, self._registry.routes)
            self._webhooks.use(self._flows)

    def _forget(self, call_sids: Iterable[str] = ()) -> None:
        """Forget what was answered, and these calls, whose flows are cancelled: an emulator is closed, and
        another one gives SIDs anew.
        """
        if isinstance(self._hub.settings.store, MemoryStore):
            self._hub.settings.store.clear()
        self._flows.end_conversations()
        for sid in call_sids:
            self._hub.live.forget(sid)
            self._flows.forget_call(sid)

    def _clash(self, other: Application) -> str | None:
        """What two applications have in common and must not, as `field: value`."""
        if self.public_url == other.public_url:
            return f"public_url: {self.public_url}"
        taken = {route.location for route in other._registry.routes}
        return next(
            (f"path: {route.url}" for route in self._registry.routes if route.location in taken), None
        )
