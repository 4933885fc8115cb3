"""Verified caller ids. https://www.twilio.com/docs/voice/api/outgoing-caller-ids"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.emulator.engine.addresses import normal
from ringback.emulator.engine.verification import Verification, verify
from ringback.emulator.numbering import formatted
from ringback.emulator.rest.errors import Refused
from ringback.emulator.rest.writing import written

if TYPE_CHECKING:
    from ringback.emulator.rest.requests import RestRequest
    from ringback.emulator.rest.writing import Body

__all__ = ["ACTS"]


def _validate(request: RestRequest) -> Body:
    """Call the number; it is a caller id once the code was keyed in."""
    parameters, network, account = request.parameters, request.network, request.account
    number = normal(parameters.text("PhoneNumber"))
    if number is None or not number.startswith("+"):
        raise Refused(400, 21401, f"PhoneNumber '{parameters.text('PhoneNumber')[:100]}' is no phone number")
    if network.store.number(number) is not None:
        raise Refused(400, 21449, f"PhoneNumber {number} is a number of Twilio's")
    if network.store.verified(account.sid, number):
        raise Refused(400, 21450, f"PhoneNumber {number} is verified already")
    name = parameters.text("FriendlyName") or formatted(number)
    code = f"{int(network.sids.token('validation code'), 16) % 1_000_000:06}"
    leg = verify(
        network,
        account,
        Verification(
            number,
            name,
            code,
            delay=float(parameters.number("CallDelay") or 0),
            extension=parameters.text("Extension"),
            callback=parameters.text("StatusCallback"),
            method=parameters.text("StatusCallbackMethod", "POST"),
        ),
    )
    return written(
        "ValidationRequest",
        account,
        account_sid=account.sid,
        phone_number=number,
        friendly_name=name,
        validation_code=code,
        call_sid=leg.call.sid,
    )


ACTS = {"validation_requests.create": _validate}
