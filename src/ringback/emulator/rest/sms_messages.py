"""The older path of messages, `/SMS/Messages`: texts alone. Old clients still use it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import evolve

from ringback._core.parameters.kinds import Text
from ringback._generated.api.operations import OPERATIONS as ALL
from ringback._generated.emulation.tables import FAMILY_OF as FAMILIES
from ringback.emulator.engine.messaging.outgoing import send
from ringback.emulator.engine.records import OutgoingMessage
from ringback.emulator.rest import views
from ringback.emulator.rest.lists import Newest, page
from ringback.emulator.rest.messages import find, matching
from ringback.emulator.rest.sending import callbacks_of, check_pair, own_sender, recipient

if TYPE_CHECKING:
    from ringback._core.emulation.families import Family
    from ringback._core.operations.operation import Operation
    from ringback.emulator.rest.requests import RestRequest
    from ringback.emulator.rest.writing import Body

__all__ = ["ACTS", "FAMILY_OF", "OPERATIONS"]

_PARAMETERS: Final = frozenset({"To", "From", "Body", "StatusCallback", "ApplicationSid"})
_LONGEST: Final = 160


def _older(operation: Operation) -> Operation:
    """An operation of messages as this path has it."""
    params = operation.params
    if operation.action == "create":
        taken = [each for each in params if each.wire in _PARAMETERS]
        params = tuple(
            evolve(each, required=each.wire in {"To", "From", "Body"})
            if each.wire != "Body"
            else evolve(each, required=True, kind=Text(_LONGEST))
            for each in taken
        )
    return evolve(
        operation,
        name=f"sms.{operation.name}",
        path=operation.path.replace("/Messages", "/SMS/Messages"),
        params=params,
        items=operation.items and f"sms_{operation.items}",
        one_of=(),
    )


def _family(operation: Operation) -> Family:
    family = FAMILIES[operation.name.removeprefix("sms.")]
    codes = family.errors["messages.create"]
    return evolve(
        family, errors={"sms.messages.create": {**codes, "Body": {"missing": 21602, "long": 21605}}}
    )


OPERATIONS: Final = tuple(
    _older(operation)
    for operation in ALL
    if operation.name in {"messages.create", "messages.list", "messages(sid).fetch"}
)
FAMILY_OF: Final = {operation.name: _family(operation) for operation in OPERATIONS}


def _create(request: RestRequest) -> Body:
    to = recipient(request)
    sender = own_sender(request, to)
    check_pair(request, to, sender, None)
    wanted = OutgoingMessage(
        to=to,
        from_=sender,
        body=request.parameters.text("Body"),
        callbacks=callbacks_of(request),
        told=("sent", "failed"),
    )
    return views.sms_message(send(request.network, request.account, wanted))


def _list(request: RestRequest) -> Body:
    matches = matching(request)
    listing = Newest(request.network.store.messages, request.account.sid, lambda message: message.sid)
    return page(request, listing, views.sms_message, lambda message: not message.is_mms and matches(message))


def _fetch(request: RestRequest) -> Body:
    message = find(request, request.sid)
    if message.is_mms:
        raise request.missing()
    return views.sms_message(message)


ACTS = {
    "sms.messages.create": _create,
    "sms.messages.list": _list,
    "sms.messages(sid).fetch": _fetch,
}
