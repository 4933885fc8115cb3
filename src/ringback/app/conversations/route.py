"""A flow of conversations, registered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar, Concatenate, Generic, Protocol, TypeAlias

from attrs import frozen

from ringback.app.conversations.addresses import key_of
from ringback.app.conversations.chat import MessageFlow
from ringback.app.conversations.run import Beginning, ConversationStarted, MessageRun
from ringback.app.flows.route import FlowRoute
from ringback.app.routes import A, Link
from ringback.twiml import MessagingResponse
from ringback.webhooks import IncomingMessage, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ringback.app.flows.keeper import Keeper
    from ringback.app.flows.machine import Machine
    from ringback.app.hub import Hub
    from ringback.app.routes import RouteTable
    from ringback.app.settings import Settings
    from ringback.app.webhooks.recognise import Identity

__all__ = ["AnyConversation", "Conversation", "ConversationFunction", "ConversationLink", "Converses"]

ConversationFunction: TypeAlias = "Callable[Concatenate[MessageFlow, A], Awaitable[None]]"


class Converses(Protocol):
    """What `converse` can begin: a flow of `IncomingMessage` without arguments, or with those of `bind`."""

    @property
    def url(self) -> str: ...

    def bind(self) -> object: ...

    def _converses(self) -> None: ...


@frozen(repr=False)
class ConversationLink(Link[IncomingMessage]):
    """A flow of conversations with the arguments that it is called with."""

    def bind(self) -> ConversationLink:
        """Itself: it is bound."""
        return self

    def _converses(self) -> None:
        """Makes it a `Converses`: never called."""


@frozen(kw_only=True, eq=False, repr=False)
class Conversation(FlowRoute[IncomingMessage, Beginning, MessageFlow, A], Generic[A]):
    """A registered flow of conversations: what answers messages, and what `converse` starts.

    Attributes:
        function: The coroutine function as it was before `@app.flow`.
    """

    ends_by_answering: ClassVar[bool] = False  # what nobody waits for is still to be sent

    def bind(self, /, *args: A.args, **kwargs: A.kwargs) -> ConversationLink:
        """A link to it that carries arguments: the function leads the conversation with them.

        Raises:
            TypeError: One is missing, or there is none of that name.
            InvalidValue: A value isn't what the function's annotation says, or can't be carried; or the URL
                would be longer than Twilio takes.
        """
        return ConversationLink(self, self._bound(args, kwargs).url)

    def _converses(self) -> None:
        """Makes it a `Converses`: never called."""

    @classmethod
    def led(cls) -> type[object]:
        """A conversation."""
        return MessageFlow

    def leads(self, event: Beginning) -> str:
        """What tells the conversation from others."""
        return key_of(event.to, event.from_)

    def patience(self, settings: Settings) -> float:
        """For how many seconds one waits for an answer, unless it says so."""
        return settings.conversation_idle_limit

    def run(
        self,
        hub: Hub,
        routes: RouteTable,
        event: Beginning,
        arguments: dict[str, object],
        *,
        id: str,
        identity: Identity,
        machine: Machine,
        keeper: Keeper,
    ) -> MessageRun:
        """Begin to lead a conversation."""
        return MessageRun(
            hub, routes, self, event, arguments, id=id, identity=identity, machine=machine, keeper=keeper
        )

    async def lead(self, run: MessageRun) -> MessagingResponse:
        """Lead a conversation to its end; what is left to say then.

        Raises:
            FlowError: It returned something, of which nobody would hear.
        """
        chat = MessageFlow(run)
        self._check_returned(
            await self._called(chat, run.arguments), "what chat.say(…) adds is what the other side reads"
        )
        return MessagingResponse(*chat._said)

    def read_as(self, kind: str, given: Mapping[str, str]) -> Beginning:
        """The event that started a run elsewhere.

        Raises:
            WebhookInvalid: It can't be read.
        """
        if kind == ConversationStarted.__name__:
            return ConversationStarted(from_=given.get("From", ""), to=given.get("To", ""))
        return parse(IncomingMessage, given)


AnyConversation: TypeAlias = "Conversation[...]"
