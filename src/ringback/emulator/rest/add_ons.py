"""Add-ons at work on numbers.

https://www.twilio.com/docs/marketplace/api/incoming-phone-number-assigned-add-ons
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from ringback._core.emulation.records import Record
from ringback._generated.emulation.records import IncomingPhoneNumberAssignedAddOnExtensionRecord
from ringback.emulator.rest import generic

if TYPE_CHECKING:
    from ringback.emulator.rest.requests import RestRequest
    from ringback.emulator.rest.writing import Body

__all__ = ["ACTS"]

_EXTENSIONS: Final = "incoming_phone_numbers().assigned_add_ons().extensions"


def _create(request: RestRequest) -> Body:
    """What the marketplace says of an add-on isn't in this API: it gets a name by its SID, and one hook."""
    number, installed = request.holes["IncomingPhoneNumberSid"], request.parameters.text("InstalledAddOnSid")
    body = generic.create(
        request,
        friendly_name="Add-on",
        unique_name=f"add_on_{installed[-4:]}",
        description="",
        configuration={},
    )
    sid = request.network.sids.new("XF")
    extension = IncomingPhoneNumberAssignedAddOnExtensionRecord(
        sid=sid,
        account_sid=request.account.sid,
        resource_sid=number,
        assigned_add_on_sid=installed,
        friendly_name="Incoming Voice Call",
        product_name="Programmable Voice",
        unique_name="voice-incoming",
        enabled=True,
        uri=f"{request.place}/{installed}/Extensions/{sid}.json",
    )
    lane = f"{request.account.sid}/{number}/{installed}"
    request.network.store.table(_EXTENSIONS, Record).put(sid, extension, lane)
    return body


ACTS: Final[Mapping[str, Callable[[RestRequest], Body]]] = {
    "incoming_phone_numbers(sid).assigned_add_ons.create": _create,
}
