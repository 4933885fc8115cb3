"""How long a page of 50 messages takes: of so many messages, the first page or one far down the list."""

from __future__ import annotations

import base64
import json
import sys
import time

from ringback.emulator import Emulator
from ringback.emulator.engine.records import Message
from ringback.http import Headers

_ROUNDS = 300
_DEEP = 400


def main(number: int) -> None:
    """Print the seconds that the slower of both pages takes at its fastest."""
    with Emulator() as emulator:
        with emulator.held() as network:
            now = network.clock.date
            for index in range(number):
                sid = network.sids.new("SM")
                network.store.messages[sid] = Message(
                    sid=sid,
                    date_created=now,
                    date_updated=now,
                    account_sid=emulator.account_sid,
                    to="+15558675310",
                    from_="+15017122661",
                    body=str(index),
                    direction="outbound-api",
                )
        login = base64.b64encode(f"{emulator.account_sid}:{emulator.auth_token}".encode()).decode()
        headers = Headers({"Authorization": f"Basic {login}"})
        first = f"/2010-04-01/Accounts/{emulator.account_sid}/Messages.json?PageSize=50"
        deep = first
        for _ in range(min(_DEEP, number // 50 - 1)):
            deep = json.loads(emulator.answer("GET", deep, headers, b"").body)["next_page_uri"]
        print(max(_fastest(emulator, target, headers) for target in (first, deep)))


def _fastest(emulator: Emulator, target: str, headers: Headers) -> float:
    times: list[float] = []
    for _ in range(_ROUNDS):
        begun = time.perf_counter()
        emulator.answer("GET", target, headers, b"")
        times.append(time.perf_counter() - begun)
    return min(times)


if __name__ == "__main__":
    main(int(sys.argv[1]))
