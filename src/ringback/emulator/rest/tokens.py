"""Credentials for STUN and TURN servers. https://www.twilio.com/docs/stun-turn/api"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ringback._generated.emulation.records import TokenIceServerRecord
from ringback.emulator.rest.writing import written

if TYPE_CHECKING:
    from ringback.emulator.rest.requests import RestRequest
    from ringback.emulator.rest.writing import Body

__all__ = ["ACTS"]

_A_DAY: Final = 86_400
_TURN: Final = (
    "turn:global.turn.twilio.com:3478?transport=udp",
    "turn:global.turn.twilio.com:3478?transport=tcp",
    "turn:global.turn.twilio.com:443?transport=tcp",
)
_STUN: Final = "stun:global.stun.twilio.com:3478"


def _create(request: RestRequest) -> Body:
    sids, now = request.network.sids, request.network.clock.date
    username, password = sids.token("turn user"), sids.token("turn password")
    servers = [TokenIceServerRecord(urls=_STUN, url=_STUN)]
    servers += [
        TokenIceServerRecord(urls=each, url=each, username=username, credential=password) for each in _TURN
    ]
    return written(
        "Token",
        request.account,
        account_sid=request.account.sid,
        username=username,
        password=password,
        ttl=request.parameters.number("Ttl") or _A_DAY,
        ice_servers=servers,
        date_created=now,
        date_updated=now,
    )


ACTS = {"tokens.create": _create}
