"""Crash reports that show variables show no credential."""

from __future__ import annotations

import asyncio
import base64
import json
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from ringback import AsyncClient, Client, RetryPolicy, Timeout
from ringback.errors import RingbackError
from ringback.transports.aiohttp import AiohttpTransport
from ringback.transports.httpx import AsyncHttpxTransport, HttpxTransport
from ringback.transports.threaded import ThreadedTransport
from ringback.transports.urllib3 import Urllib3Transport
from tests.client.records import ACCOUNT, KEY
from tests.transports.server import Server, answer, raw, stall

# Made anew each time, so that no variable of a test holds it.
BASIC = base64.b64encode(f"{ACCOUNT}:".encode()).decode()[:40]


def token() -> str:
    return "s3cr3t" * 5 + "xx"


def report(error: BaseException) -> str:
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


def check(text: str) -> None:
    for secret in (token(), BASIC, base64.b64encode(f"{ACCOUNT}:{token()}".encode()).decode()[40:60]):
        assert secret not in text


def fetching(transport: Any, url: str) -> str:
    """The report of a fetch that fails."""
    settings: dict[str, Any] = {
        "base_url": url,
        "transport": transport,
        "retry": RetryPolicy(attempts=1),
        "timeout": Timeout(connect=2, read=0.1),
    }

    async def work() -> None:
        async with AsyncClient(ACCOUNT, token(), **settings) as client:
            await client.accounts(ACCOUNT).fetch()

    try:
        if hasattr(transport, "aclose"):
            asyncio.run(work())
        else:
            with Client(ACCOUNT, token(), **settings) as client:
                client.accounts(ACCOUNT).fetch()
    except RingbackError as error:
        return report(error)
    raise AssertionError("it didn't fail")


def threaded(proxy: str | None = None) -> ThreadedTransport:
    return ThreadedTransport(Urllib3Transport(proxy=proxy))


TRANSPORTS: dict[str, Callable[..., Any]] = {
    "urllib3": Urllib3Transport,
    "threaded": threaded,
    "httpx": HttpxTransport,
    "httpx-async": AsyncHttpxTransport,
    "aiohttp": AiohttpTransport,
}
RECORD = json.dumps({"sid": ACCOUNT, "auth_token": token(), "friendly_name": None}).encode()


@pytest.mark.parametrize("kind", TRANSPORTS)
class TestAnswers:
    def test_no_connection(self, kind: str) -> None:
        for url in ("http://127.0.0.1:1", "https://127.0.0.1:1"):
            check(fetching(TRANSPORTS[kind](), url))

    def test_a_proxy_that_is_not_there(self, kind: str) -> None:
        transport = TRANSPORTS[kind](proxy=f"http://me:{token()}@127.0.0.1:1")
        check(fetching(transport, "https://api.example.test"))

    @pytest.mark.parametrize(
        "reply",
        [
            raw(b""),
            stall(),
            raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"),
            answer(b"x", headers={"Content-Encoding": "gzip"}),
            answer(RECORD),
            answer(RECORD[:-3]),
            answer(b"[" + RECORD + b"]"),
            answer(b" " * 20_000_000),
        ],
        ids=["nothing", "late", "half", "no gzip", "bad record", "half a record", "a list", "large"],
    )
    def test_a_broken_answer(self, kind: str, reply: Any, server: Server) -> None:
        server.on(f"/2010-04-01/Accounts/{ACCOUNT}.json", reply)
        text = fetching(TRANSPORTS[kind](), server.url)
        check(text)
        assert "fetching" in text


@pytest.mark.parametrize("make", [Client, AsyncClient])
@pytest.mark.parametrize(
    "settings",
    [
        {"edge": "No edge!"},
        {"region": "xx9"},
        {"auth_token": token() + "\n"},
        {"account_sid": token()},
        {"auth_token": None, "api_key": token(), "api_secret": "x"},
        {"auth_token": None, "api_key": KEY, "api_secret": token() + " "},
        {"base_url": f"https://me:{token()}@example.com"},
        {"timeout": -1},
        {"hooks": 5},
        {"transport": 5},
        {"pool_size": 0},
    ],
)
def test_settings(make: Callable[..., object], settings: dict[str, Any]) -> None:
    with pytest.raises(RingbackError) as caught:
        make(**{"account_sid": ACCOUNT, "auth_token": token(), **settings})
    # The frame of this test has the settings, and is the test's own affair.
    traceback_ = caught.value.__traceback__
    assert traceback_ is not None
    assert traceback_.tb_next is not None
    check(report(caught.value.with_traceback(traceback_.tb_next)))
