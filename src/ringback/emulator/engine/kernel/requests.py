"""A request that a process asks for, and what comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from attrs import define, field, frozen

if TYPE_CHECKING:
    from ringback.http import WebhookRequest, WebhookResponse

__all__ = ["Ask", "Failure", "Limits", "Outcome", "Spent"]


@frozen
class Limits:
    """How long a request may take, in seconds."""

    connect: float = 5.0
    read: float = 15.0
    total: float = 15.0


@define(eq=False)
class Spent:
    """The seconds that the tries of one webhook have taken so far, by the clock that their limits go by."""

    seconds: float = 0.0


@frozen
class Ask:
    """Send a request. Those of one lane are sent one after the other.

    Attributes:
        spent: Whoever sends it adds the time that this took.
    """

    request: WebhookRequest
    lane: str
    limits: Limits = Limits()
    spent: Spent = field(factory=Spent, eq=False)


@frozen
class Failure:
    """Why there was no answer to a request.

    Attributes:
        kind: `host` (no such host), `connect` (nobody listens, or not in time), `timeout` (no answer in
            time), `tls`, `lost` (the connection was closed or reset before the answer was whole), `broken`
            (an answer that is no HTTP) or `refused` (the driver may not send there).
        detail: In words.
    """

    kind: Literal["host", "connect", "timeout", "tls", "lost", "broken", "refused"]
    detail: str


Outcome: TypeAlias = "WebhookResponse | Failure"
