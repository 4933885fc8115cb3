"""Messages within a call, between a server and an application of a Voice SDK.

https://www.twilio.com/docs/voice/api/userdefinedmessage-resource
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.webhooks import UserDefinedMessageReceived

if TYPE_CHECKING:
    from ringback.emulator.engine.legs import Leg

__all__ = ["is_sdk_call", "send_from", "send_to"]


def is_sdk_call(leg: Leg) -> bool:
    """Whether an application of a Voice SDK is at the other end."""
    return leg.line.phone.number.startswith("client:")


def send_to(leg: Leg, content: str) -> None:
    """Send JSON text to the application."""
    leg.world.note(leg.call.sid, leg.line.phone.number, "gets a message", content)
    leg.line.messages.append(content)
    leg.line.changed()


def send_from(leg: Leg, content: str) -> str:
    """The application sends JSON text to whoever has subscribed to it; the message's SID."""
    world, call = leg.world, leg.call
    sid = world.sids.new("KX")
    leg.line.sent.append(content)
    world.note(call.sid, leg.line.phone.number, "sends a message", content)
    for subscription in leg.message_subscriptions.values():
        world.tell(
            leg.session,
            call.sid,
            url=subscription.url,
            method=subscription.method,
            event=UserDefinedMessageReceived(
                call_sid=call.sid,
                account_sid=call.account_sid,
                sid=sid,
                content=content,
                content_type="application/json",
                sequence_number=len(leg.line.sent),
            ),
            about="a message of the application",
        )
    return sid
