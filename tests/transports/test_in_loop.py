"""A synchronous client in a running loop: one word of warning a process, and the request goes on."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from ringback import AsyncClient, Client
from ringback.transports import Transport, in_loop
from ringback.transports.httpx import HttpxTransport
from ringback.transports.urllib3 import Urllib3Transport
from tests.client.records import ACCOUNT, TOKEN
from tests.transports.server import Server


@pytest.fixture(autouse=True)
def _anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_loop, "_warned", False)


@pytest.mark.parametrize("make", [Urllib3Transport, HttpxTransport])
async def test_once(make: Callable[[], Transport], server: Server) -> None:
    def ask() -> None:
        with Client(ACCOUNT, TOKEN, base_url=server.url, transport=make()) as client:
            for _ in range(3):
                client.request("GET", "/x.json")

    with pytest.warns(RuntimeWarning, match=r"use AsyncClient, or `await asyncio\.to_thread") as seen:
        ask()
    assert len(seen) == 1
    assert Path(seen[0].filename) == Path(__file__)
    assert len(server.requests) == 3


async def test_it_keeps_nothing_from_being_sent(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    with warnings.catch_warnings(), Client(ACCOUNT, TOKEN, base_url=server.url) as client:
        warnings.simplefilter("error")
        assert client.request("POST", "/x.json") == {}
    assert "use AsyncClient" in caplog.text


async def test_not_where_nothing_is_blocked(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    def ask() -> None:
        with Client(ACCOUNT, TOKEN, base_url=server.url) as client:
            client.request("GET", "/x.json")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        await asyncio.to_thread(ask)
        async with AsyncClient(ACCOUNT, TOKEN, base_url=server.url) as client:
            await client.request("GET", "/x.json")
    assert len(server.requests) == 2
    assert caplog.text == ""
