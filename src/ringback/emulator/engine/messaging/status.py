"""How far a message has come, and telling whoever wants to know."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ringback.emulator.engine.addresses import bare, channel_of
from ringback.emulator.engine.messaging.senders import record_of
from ringback.emulator.engine.parameters import API_VERSION
from ringback.error_codes import explain
from ringback.webhooks import MessageStatusChanged

if TYPE_CHECKING:
    from ringback._generated.webhooks.enums import MessageStatus
    from ringback.emulator.engine.network import Network
    from ringback.emulator.engine.records import Message

__all__ = ["advance"]


def advance(network: Network, message: Message, status: MessageStatus, code: int | None = None) -> None:
    """A message comes a step further; a code says why it goes no further."""
    message.status = status
    message.date_updated = network.clock.date
    if code is not None:
        meaning = explain(code)
        message.error_code = code
        message.error_message = None if meaning is None else meaning.meaning
    network.note(message.sid, "Twilio", f"message is {status}", "" if code is None else f"({code})")
    wanted = message.wanted
    if wanted is None or (wanted.told and status not in wanted.told):
        return
    account = network.account(message.account_sid)
    session = network.messaging_session(account, message.from_ or "", message.to)
    for url, method in wanted.callbacks:
        event = _report(network, message)
        network.tell(session, message.sid, url=url, method=method, event=event, about=status)


def _report(network: Network, message: Message) -> MessageStatusChanged:
    channel, wanted = channel_of(message.to), message.wanted
    status = cast("MessageStatus", message.status)
    over = status in {"delivered", "undelivered"}
    return MessageStatusChanged(
        message_sid=message.sid,
        account_sid=message.account_sid,
        status=status,
        to=message.to,
        from_=message.from_ or "",
        api_version=API_VERSION,
        messaging_service_sid=message.messaging_service_sid,
        error_code=message.error_code,
        error_message=message.error_message,
        # The carrier's time stamp: channels have none.
        raw_dlr_done_date=f"{network.clock.date:%y%m%d%H%M}" if over and channel is None else None,
        channel_prefix=channel,
        channel_install_sid=None if channel is None else _install(network, message),
        channel_to_address=None if channel is None else bare(message.to),
        channel_status_message=None if channel is None else message.error_message,
        event_type="READ" if status == "read" else None,
        structured_message=None if channel is None else wanted is not None and wanted.from_template,
    )


def _install(network: Network, message: Message) -> str | None:
    """The SID of the sender on its channel."""
    sender = record_of(network.store, message.from_ or "")
    return None if sender is None else f"XE{sender.sid[2:]}"
