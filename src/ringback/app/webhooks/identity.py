"""What tells that two requests are one webhook, delivered twice.

Twilio signs what it says, so two deliveries of one webhook carry the same signature, however they are
spelled, and nobody else can make another one of them. `I-Twilio-Idempotency-Token` isn't signed: whoever has
a request can send it again with a token of his own. So the token is never enough, and only counts where the
same may be said twice: a call that comes by again, by `<Redirect>`, is asked about with the very same
parameters.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from attrs import frozen

from ringback._core.webhooks.events import MessageRequest, Notification
from ringback.webhooks import SIGNATURE_HEADER

if TYPE_CHECKING:
    from ringback.app.routes import Match
    from ringback.app.tags import Tag
    from ringback.http import WebhookRequest
    from ringback.webhooks import Parameters

__all__ = ["Identity", "identify"]


@frozen
class Identity:
    """What a webhook is told by.

    Attributes:
        content: The same for all requests that say the same to the same URL.
        delivery: The same for all deliveries of one webhook and for nothing else; None where nothing tells
            those from a webhook that says the same again.
    """

    content: str
    delivery: str | None


def identify(
    request: WebhookRequest, match: Match, tag: Tag | None, parameters: Parameters, *, verified: bool
) -> Identity:
    """The identity of a request; `verified` says whether its signature was found to be right."""
    if verified:
        content = _hash(request.headers[SIGNATURE_HEADER])
    else:
        content = _hash(json.dumps([match.url, *sorted(parameters.multi_items())]))
    # A notification has its sequence number or timestamp, and a message its SID. But held requests come back
    # saying the same each time.
    if issubclass(match.route.event, (Notification, MessageRequest)) and (tag is None or tag.kind != "hold"):
        return Identity(content, f"ringback:{content}")
    token = request.headers.get("I-Twilio-Idempotency-Token")
    return Identity(content, f"ringback:{_hash(f'{content} {token}')}" if token else None)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
