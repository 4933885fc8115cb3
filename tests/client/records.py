"""Answers of the API as it gives them, and clients that get them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ringback import Client, RetryPolicy
from ringback.http import Response
from ringback.transports import Transport
from ringback.transports.testing import json_response

ACCOUNT: Final = "AC" + "0" * 32
TOKEN: Final = "0123456789abcdef" * 2
KEY: Final = "SK" + "1" * 32
CALL_SID: Final = "CA" + "2" * 32
MESSAGE_SID: Final = "SM" + "3" * 32
AT_ONCE: Final = RetryPolicy(backoff=0, jitter=0)
PATH: Final = f"/2010-04-01/Accounts/{ACCOUNT}"

_DATES: Final = {
    "date_created": "Tue, 03 Nov 2026 20:36:28 +0000",
    "date_updated": "Tue, 03 Nov 2026 20:36:29 +0000",
}


def message(number: int = 0, **fields: object) -> dict[str, object]:
    """A message; `number` makes it another one."""
    sid = f"SM{number:032x}"
    return {
        "sid": sid,
        "account_sid": ACCOUNT,
        "messaging_service_sid": None,
        "to": "+15558675310",
        "from": "+15017122661",
        "body": "Your table is ready.",
        "status": "queued",
        "direction": "outbound-api",
        "num_segments": "1",
        "num_media": "0",
        "price": None,
        "price_unit": "USD",
        "error_code": None,
        "error_message": None,
        "date_sent": None,
        "api_version": "2010-04-01",
        "uri": f"{PATH}/Messages/{sid}.json",
        "subresource_uris": {"media": f"{PATH}/Messages/{sid}/Media.json"},
        **_DATES,
        **fields,
    }


def call(number: int = 0, **fields: object) -> dict[str, object]:
    """A call; `number` makes it another one."""
    sid = f"CA{number:032x}"
    return {
        "sid": sid,
        "account_sid": ACCOUNT,
        "parent_call_sid": None,
        "to": "+15558675310",
        "to_formatted": "(555) 867-5310",
        "from": "+15017122661",
        "from_formatted": "(501) 712-2661",
        "phone_number_sid": "PN" + "4" * 32,
        "status": "completed",
        "direction": "outbound-api",
        "start_time": "Tue, 03 Nov 2026 20:36:28 +0000",
        "end_time": "Tue, 03 Nov 2026 20:36:40 +0000",
        "duration": "12",
        "queue_time": "0",
        "price": "-0.0085",
        "price_unit": "USD",
        "answered_by": None,
        "caller_name": "",
        "forwarded_from": None,
        "group_sid": None,
        "trunk_sid": "",
        "api_version": "2010-04-01",
        "uri": f"{PATH}/Calls/{sid}.json",
        "subresource_uris": {"recordings": f"{PATH}/Calls/{sid}/Recordings.json"},
        **_DATES,
        **fields,
    }


def page(key: str, *records: Mapping[str, object], next_uri: object = None, number: int = 0) -> Response:
    """A page of a list."""
    return json_response(
        {
            key: list(records),
            "page": number,
            "page_size": 50,
            "next_page_uri": next_uri,
            "previous_page_uri": None,
        }
    )


def refusal(
    status: int, code: int = 20000, text: str = "no", headers: Mapping[str, str] | None = None
) -> Response:
    """An error as the API gives it."""
    info = f"https://www.twilio.com/docs/errors/{code}"
    return json_response(
        {"code": code, "message": text, "more_info": info, "status": status}, status=status, headers=headers
    )


def client(transport: Transport) -> Client:
    """A client that never waits."""
    return Client(ACCOUNT, TOKEN, transport=transport, retry=AT_ONCE)
