"""Answers as the REST API gives them, the same in every run: pages of calls, and a message."""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Final

__all__ = ["ACCOUNT", "calls_page", "message"]

ACCOUNT: Final = "AC" + "0123456789abcdef" * 2
_SUBRESOURCES: Final = {
    "events": "Events",
    "notifications": "Notifications",
    "payments": "Payments",
    "recordings": "Recordings",
    "siprec": "Siprec",
    "streams": "Streams",
    "transcriptions": "Transcriptions",
    "user_defined_message_subscriptions": "UserDefinedMessageSubscriptions",
    "user_defined_messages": "UserDefinedMessages",
}


def calls_page(seed: int, size: int = 1000) -> bytes:
    """A full page of calls of a busy account, newest first; each seed gives other calls of another day."""
    chance = random.Random(seed)  # noqa: S311
    moment = datetime(2026, 11, 1, 23, 50, tzinfo=timezone.utc) + timedelta(days=seed)
    calls: list[dict[str, object]] = []
    for _ in range(size):
        moment -= timedelta(seconds=chance.randint(5, 150))
        calls.append(_call(chance, moment))
    path = f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json?PageSize={size}"
    page = {
        "calls": calls,
        "first_page_uri": f"{path}&Page=0",
        "next_page_uri": f"{path}&Page=1&PageToken=PA{calls[-1]['sid']}",
        "previous_page_uri": None,
        "uri": f"{path}&Page=0",
        "page": 0,
        "page_size": size,
        "start": 0,
        "end": size - 1,
    }
    return json.dumps(page).encode()


def message() -> bytes:
    """What a create of a message is answered with."""
    sid = _sid(random.Random(0), "SM")  # noqa: S311
    uri = f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}"
    now = _written(datetime(2026, 11, 23, 15, 0, 7, tzinfo=timezone.utc))
    record = {
        "account_sid": ACCOUNT,
        "api_version": "2010-04-01",
        "body": "Your table is ready.",
        "date_created": now,
        "date_sent": None,
        "date_updated": now,
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": "+15017122661",
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": "USD",
        "sid": sid,
        "status": "queued",
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": "+15558675310",
        "uri": f"{uri}.json",
    }
    return json.dumps(record).encode()


def _call(chance: random.Random, created: datetime) -> dict[str, object]:
    sid = _sid(chance, "CA")
    base = f"/2010-04-01/Accounts/{ACCOUNT}/Calls/{sid}"
    inbound = chance.random() < 0.5
    answered = chance.random() < 0.8
    duration = chance.randint(3, 900) if answered else 0
    started = created + timedelta(seconds=0 if inbound else chance.randint(0, 3))
    ended = started + timedelta(seconds=duration + chance.randint(1, 25))
    ours, theirs = "5017122661", f"555{chance.randint(2_000_000, 9_999_999)}"
    called, caller = (ours, theirs) if inbound else (theirs, ours)
    return {
        "account_sid": ACCOUNT,
        "answered_by": chance.choice(["human", "machine_start"]) if answered and not inbound else None,
        "api_version": "2010-04-01",
        "caller_name": None if chance.random() < 0.8 else "ADA LOVELACE",
        "date_created": _written(created),
        "date_updated": _written(ended + timedelta(seconds=chance.randint(0, 5))),
        "direction": "inbound" if inbound else chance.choice(["outbound-api", "outbound-dial"]),
        "duration": str(duration),
        "end_time": _written(ended),
        "forwarded_from": f"+1{ours}" if inbound else None,
        "from": f"+1{caller}",
        "from_formatted": _formatted(caller),
        "group_sid": None,
        "parent_call_sid": _sid(chance, "CA") if chance.random() < 0.3 else None,
        "phone_number_sid": "PN" + "fedcba9876543210" * 2,
        "price": f"-{chance.randint(1, 15) * 0.0085:.5f}" if answered else None,
        "price_unit": "USD",
        "queue_time": str(chance.randint(0, 900)),
        "sid": sid,
        "start_time": _written(started),
        "status": "completed" if answered else chance.choice(["no-answer", "busy", "failed", "canceled"]),
        "subresource_uris": {name: f"{base}/{path}.json" for name, path in _SUBRESOURCES.items()},
        "to": f"+1{called}",
        "to_formatted": _formatted(called),
        "trunk_sid": None if chance.random() < 0.8 else "TK" + "00ff" * 8,
        "uri": f"{base}.json",
    }


def _sid(chance: random.Random, prefix: str) -> str:
    return f"{prefix}{chance.getrandbits(128):032x}"


def _written(moment: datetime) -> str:
    return format_datetime(moment)


def _formatted(digits: str) -> str:
    return f"({digits[:3]}) {digits[3:6]}-{digits[6:]}"
