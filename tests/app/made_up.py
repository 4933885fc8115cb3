"""An API whose answers are made up, and webhooks about what it creates: fast, and keeping nothing."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from ringback import AsyncClient
from ringback.transports.testing import AsyncFakeTransport, json_response
from ringback.twiml import Say, VoiceResponse
from tests.app.twilio import ACCOUNT, TOKEN, call_parameters, request

if TYPE_CHECKING:
    from ringback.app import Application, AsyncLiveCall
    from ringback.http import Request, Response

TO, FROM = "+15558675310", "+15017122661"
ANSWER = VoiceResponse(Say("Hello"))
CALL: dict[str, object] = {
    "account_sid": ACCOUNT,
    "api_version": "2010-04-01",
    "direction": "outbound-api",
    "from": FROM,
    "from_formatted": "",
    "status": "queued",
    "subresource_uris": {},
    "to": TO,
    "to_formatted": "",
    "uri": "/x",
}
MESSAGE: dict[str, object] = {
    "account_sid": ACCOUNT,
    "api_version": "2010-04-01",
    "body": "x",
    "date_created": "Fri, 20 Aug 2010 01:13:42 +0000",
    "date_updated": "Fri, 20 Aug 2010 01:13:42 +0000",
    "direction": "outbound-api",
    "from": FROM,
    "num_media": "0",
    "num_segments": "1",
    "price_unit": "USD",
    "status": "queued",
    "subresource_uris": {},
    "to": TO,
    "uri": "/x",
}
OPTIONAL = """
    answered_by caller_name date_created date_sent date_updated duration end_time error_code error_message
    forwarded_from group_sid messaging_service_sid parent_call_sid phone_number_sid price price_unit
    queue_time start_time trunk_sid
""".split()  # noqa: SIM905 - one a line would fill the page


class Twilio:
    """An API that creates what it is asked for, and webhooks about it. Its SIDs count from `first`."""

    def __init__(self, app: Application, first: int = 1) -> None:
        self.app = app
        self.callbacks: dict[str, str] = {}
        self._numbers = itertools.count(first)
        self._transport = AsyncFakeTransport(self._answer)
        self.client = AsyncClient(ACCOUNT, TOKEN, transport=self._transport)

    def _answer(self, asked: Request) -> Response:
        self._transport.recorded.clear()
        record, prefix = (CALL, "CA") if "/Calls" in asked.url else (MESSAGE, "SM")
        sid = f"{prefix}{next(self._numbers):032x}"
        self.callbacks[sid] = parse_qs(asked.body.decode())["StatusCallback"][0]
        return json_response({**dict.fromkeys(OPTIONAL), **record, "sid": sid}, status=201)

    async def call(self) -> AsyncLiveCall:
        return await self.app.dial(self.client, to=TO, from_=FROM, answer=ANSWER)

    async def reports(self, sid: str, status: str) -> None:
        if sid.startswith("CA"):
            parameters = call_parameters(sid, status)
        else:
            told = {"MessageSid": sid, "SmsSid": sid, "MessageStatus": status, "From": FROM, "To": TO}
            parameters = {"AccountSid": ACCOUNT} | told
        assert (await self.app.handle(request(self.callbacks[sid], parameters))).status == 204
