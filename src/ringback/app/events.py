"""Events that don't come from Twilio: what the application itself has to tell.

Event
└── LocalEvent
    ├── HandlerFailed       a handler, flow or listener raised, or gave the wrong thing
    └── OutgoingMessage     `Application.text` sent a message
"""

from __future__ import annotations

from attrs import frozen

from ringback._core.webhooks.events import Event

__all__ = ["HandlerFailed", "LocalEvent", "OutgoingMessage"]


@frozen(kw_only=True)
class LocalEvent(Event):
    """Something that happened in the application and not at Twilio: it can be listened to and has no URL."""


@frozen(kw_only=True)
class HandlerFailed(LocalEvent):
    """A handler, flow or listener failed, and a caller may have heard the fallback instead.

    Attributes:
        error: What it raised.
        route: The handler's or listener's name.
        event: What it was given, or None where the failure came before the event could be read.
        call_sid: The call, or None where it was about a message or no call.
        message_sid: The message, or None.
    """

    error: Exception
    route: str
    event: Event | None = None
    call_sid: str | None = None
    message_sid: str | None = None


@frozen(kw_only=True)
class OutgoingMessage(LocalEvent):
    """`Application.text` handed a message to Twilio.

    Attributes:
        message_sid: The message.
        to: To whom, as Twilio wrote it back.
        from_: From which of our numbers, or None where a messaging service will choose one.
        body: The text, or None.
    """

    message_sid: str
    to: str
    from_: str | None = None
    body: str | None = None
