"""Test credentials: an account in which nothing happens, and numbers that stand for what may go wrong.

https://www.twilio.com/docs/iam/test-credentials
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from ringback.emulator.engine.addresses import normal
from ringback.emulator.engine.messaging.outgoing import segments
from ringback.emulator.engine.records import Call, Message, Number
from ringback.emulator.numbering import formatted
from ringback.emulator.rest import views
from ringback.emulator.rest.errors import Refused

if TYPE_CHECKING:
    from ringback.emulator.rest.requests import RestRequest
    from ringback.emulator.rest.writing import Body

__all__ = ["ACTS"]

_MAGIC: Final = "+1500555"
_CALL_TO: Final = {"0001": 21217, "0002": 21214, "0003": 21215, "0004": 21216}
_CALL_FROM: Final = {"0001": 21212}
_TEXT_TO: Final = {"0001": 21211, "0002": 21612, "0003": 21408, "0004": 21610, "0009": 21614}
_TEXT_FROM: Final = {"0001": 21212, "0007": 21606, "0008": 21611}
_BUY: Final = {"0000": 21422, "0001": 21421}
_FINE: Final = "0006"
_WORDS: Final = {
    21210: "is neither a number of this account nor verified by it",
    21211: "is no number that can be texted",
    21212: "is no number that can call or send texts",
    21214: "can't be reached",
    21215: "is in a country that this account may not call",
    21216: "is blocked for this account",
    21217: "is no number that can be called",
    21408: "is in a country that this account may not text",
    21421: "can't be bought",
    21422: "is not available",
    21606: "is no number of this account that can send texts",
    21610: "has opted out of texts from this account",
    21611: "has too many messages in its queue",
    21612: "can't be reached by texts",
    21614: "can't receive texts",
}


def _call(request: RestRequest) -> Body:
    to, sender = _number(request, "To", 21211), _number(request, "From", 21212)
    _refuse("From", sender, _CALL_FROM, otherwise=21210)
    _refuse("To", to, _CALL_TO)
    now = request.network.clock.date
    return views.call(
        Call(
            sid=request.network.sids.new("CA"),
            date_created=now,
            date_updated=now,
            account_sid=request.account.sid,
            to=to,
            from_=sender,
            direction="outbound-api",
        )
    )


def _text(request: RestRequest) -> Message:
    to = _number(request, "To", 21211)
    sender = _number(request, "From", 21212) if request.parameters.text("From") else f"{_MAGIC}{_FINE}"
    _refuse("From", sender, _TEXT_FROM, otherwise=21606)
    _refuse("To", to, _TEXT_TO)
    now = request.network.clock.date
    body = request.parameters.text("Body")
    return Message(
        sid=request.network.sids.new("SM"),
        date_created=now,
        date_updated=now,
        account_sid=request.account.sid,
        to=to,
        from_=sender,
        body=body,
        direction="outbound-api",
        num_segments=segments(body),
    )


def _buy(request: RestRequest) -> Body:
    parameters = request.parameters
    if not parameters.text("PhoneNumber"):
        if parameters.text("AreaCode") == "533":
            raise Refused(400, 21452, "There is no number in area code 533")
        number = f"+1{parameters.text('AreaCode')}5550006"
    else:
        number = _number(request, "PhoneNumber", 21421)
        _refuse("PhoneNumber", number, _BUY, otherwise=21422)
    now = request.network.clock.date
    return views.number(
        Number(
            sid=request.network.sids.new("PN"),
            date_created=now,
            date_updated=now,
            account_sid=request.account.sid,
            phone_number=number,
            friendly_name=parameters.text("FriendlyName") or formatted(number),
        )
    )


def _number(request: RestRequest, name: str, code: int) -> str:
    text = request.parameters.text(name)
    number = normal(text)
    if number is None:
        raise Refused(400, code, f"{name} '{text}' {_WORDS[code]}")
    return number


def _refuse(name: str, number: str, codes: Mapping[str, int], otherwise: int | None = None) -> None:
    """Refuse what a magic number stands for, and every other number but one where only that is fine."""
    last = number.removeprefix(_MAGIC) if number.startswith(_MAGIC) else ""
    code = codes.get(last, None if last == _FINE else otherwise)
    if code is not None:
        raise Refused(400, code, f"{name} {number} {_WORDS[code]}")


ACTS: Final[Mapping[str, Callable[[RestRequest], Body]]] = {
    "calls.create": _call,
    "messages.create": lambda request: views.message(_text(request)),
    "sms.messages.create": lambda request: views.sms_message(_text(request)),
    "incoming_phone_numbers.create": _buy,
}
