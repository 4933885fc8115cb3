"""Messages within calls of the Voice SDKs.

https://www.twilio.com/docs/voice/api/userdefinedmessage-resource and
https://www.twilio.com/docs/voice/api/userdefinedmessagesubscription-resource
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ringback._generated.emulation.records import (
    UserDefinedMessageRecord,
    UserDefinedMessageSubscriptionRecord,
)
from ringback.emulator.engine.legs import Subscription
from ringback.emulator.engine.urls import WebUrl
from ringback.emulator.engine.user_messages import is_sdk_call, send_to
from ringback.emulator.rest import generic
from ringback.emulator.rest.calls import in_progress
from ringback.emulator.rest.errors import Refused
from ringback.emulator.rest.writing import written

if TYPE_CHECKING:
    from ringback.emulator.engine.legs import Leg
    from ringback.emulator.rest.requests import RestRequest
    from ringback.emulator.rest.writing import Body

__all__ = ["ACTS"]

_LONGEST: Final = 10_000


def _send(request: RestRequest) -> Body:
    leg, content = _sdk_call(request), dict(request.query)["Content"]
    if len(content) > _LONGEST:
        raise Refused(400, 32703, f"Content has {len(content)} characters; at most {_LONGEST} are sent")

    def send() -> object:
        send_to(leg, content)
        return generic.keep(request, UserDefinedMessageRecord)

    return _once(request, leg, send)


def _subscribe(request: RestRequest) -> Body:
    leg, parameters = _sdk_call(request), request.parameters
    url, method = parameters.text("Callback"), parameters.text("Method", "POST")
    parsed = WebUrl.parse(url)
    if parsed is None or "_" in parsed.host:
        raise Refused(400, 20001, "Callback is no URL of a host whose name has no underscore")

    def subscribe() -> UserDefinedMessageSubscriptionRecord:
        record = generic.keep(request, UserDefinedMessageSubscriptionRecord)
        leg.message_subscriptions[record.sid] = Subscription(url, method)
        return record

    return _once(request, leg, subscribe)


def _unsubscribe(request: RestRequest) -> None:
    generic.delete(request)
    leg = request.network.legs.get(request.holes["CallSid"])
    if leg is not None:
        leg.message_subscriptions.pop(request.sid, None)


def _once(request: RestRequest, leg: Leg, make: Callable[[], object]) -> Body:
    """What a request makes, or has made already where its idempotency key is known."""
    key = request.parameters.text("IdempotencyKey")
    made = leg.made.get((request.operation.name, key)) if key else None
    if made is None:
        made = leg.made[request.operation.name, key] = make()
    return written(request.operation.answer or "", made)


def _sdk_call(request: RestRequest) -> Leg:
    leg = in_progress(request)
    if not is_sdk_call(leg):
        raise Refused(400, 20001, f"No application of a Voice SDK takes part in call {leg.call.sid}")
    return leg


ACTS: Final[dict[str, Callable[[RestRequest], Body | None]]] = {
    "calls(sid).user_defined_messages.create": _send,
    "calls(sid).user_defined_message_subscriptions.create": _subscribe,
    "calls(sid).user_defined_message_subscriptions(sid).delete": _unsubscribe,
}
