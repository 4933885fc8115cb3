"""The roots of all webhook events, and what it takes to be a link target.

    Event
    ├── VoiceRequest        Twilio asks what a call shall do next: answered with a `VoiceResponse`
    ├── MessageRequest      Twilio asks what to reply to a message: answered with a `MessagingResponse`
    └── Notification        Twilio tells what happened: answered with nothing

Every event class is generated from `spec/webhooks.yaml`, as a child of one of the three.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol, TypeVar

from attrs import field, fields, frozen

from ringback._core.webhooks.requests import EventRequest

__all__ = ["Event", "MessageRequest", "Notification", "ReceivedMedia", "Target", "VoiceRequest"]


class ReceivedMedia(NamedTuple):
    """A file that came along with a message.

    Attributes:
        url: Where it is; fetching it may need the account's credentials.
        content_type: Its MIME type, or None where Twilio did not say.
    """

    url: str
    content_type: str | None = None


@frozen(kw_only=True, repr=False)
class Event:
    """Something that Twilio told us in a webhook.

    An event is made of whatever was sent, as long as it says what the event is about. What Twilio promises
    and didn't send is `""` where it is text, and None where it is a number, a time or a flag.

    Attributes:
        unknown_parameters: What was sent and is in no specification, by wire name.
        unreadable: What was sent and isn't what the specification says, such as `1,5` for a number, by wire
            name. The field itself is None.
        request: The request that brought it, to handlers and listeners. Empty where it was made by hand, and
            in flows, which may go on where nobody has seen the request; an event is the same with another.
    """

    unknown_parameters: Mapping[str, str] = field(factory=dict[str, str], repr=False, hash=False)
    unreadable: Mapping[str, str] = field(factory=dict[str, str], repr=False, hash=False)
    request: EventRequest = field(default=EventRequest(), repr=False, eq=False)

    def __repr__(self) -> str:
        # Most of an event's fields are empty most of the time.
        present = (
            f"{each.name}={value!r}"
            for each in fields(type(self))
            if each.repr and (value := getattr(self, each.name)) not in (None, "", (), {})
        )
        return f"{type(self).__name__}({', '.join(present)})"


@frozen(kw_only=True, repr=False)
class VoiceRequest(Event):
    """Twilio asks what a call shall do next."""


@frozen(kw_only=True, repr=False)
class MessageRequest(Event):
    """Twilio asks what to reply to a message."""


@frozen(kw_only=True, repr=False)
class Notification(Event):
    """Twilio tells what happened and expects no TwiML."""


E_contra = TypeVar("E_contra", bound=Event, contravariant=True)


class Target(Protocol[E_contra]):
    """A place that Twilio can be told to ask: a registered handler or flow that takes `E_contra`, bound to
    its arguments where it has some without a default.

    TwiML attributes that hold a URL take one of these as well as a string.
    """

    @property
    def url(self) -> str:
        """The absolute URL under which Twilio reaches it."""
        ...

    def bind(self) -> Target[E_contra]:
        """Itself, once nothing is left to say: a handler that needs arguments has no such method, and is no
        target until it is bound.
        """
        ...

    def _handles(self, event: E_contra, /) -> None: ...
