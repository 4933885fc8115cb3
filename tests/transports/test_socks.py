"""Through SOCKS proxies, over those transports that can."""

from __future__ import annotations

import gc
import ssl
import subprocess
import sys
from collections.abc import Callable

import pytest

from ringback.errors import ConfigurationError, ConnectFailed
from ringback.http import Request, Timeout
from ringback.transports.aiohttp import AiohttpTransport
from ringback.transports.httpx import AsyncHttpxTransport, HttpxTransport
from ringback.transports.urllib3 import Urllib3Transport
from tests.transports.kinds import KINDS, Face, Make
from tests.transports.server import Server
from tests.transports.socks import Socks

POST = Request("POST", "https://api.example.test/", body=b"a=1", timeout=Timeout(connect=5, read=5))
LOGIN = ("me", "s3cret@:/")


@pytest.fixture(params=[name for name in KINDS if name != "aiohttp"])
def make(request: pytest.FixtureRequest) -> Make:
    return KINDS[request.param]


def test_names_are_resolved_by_the_proxy(
    make: Make, making: Callable[[Face], Face], tls_server: Server, trust: ssl.SSLContext
) -> None:
    with Socks(tls_server.port) as proxy:
        face = making(make(proxy=f"socks5h://{proxy.address}", ssl_context=trust))
        assert face.send(POST).status == 200
        assert face.send(POST).status == 200
        assert proxy.asked == [("api.example.test", 443)]
    assert [seen.method for seen in tls_server.requests] == ["POST", "POST"]


# httpcore forgets to close the socket where a proxy refuses.
unclosed = pytest.mark.filterwarnings(
    "ignore:.*unclosed:pytest.PytestUnraisableExceptionWarning", "ignore:unclosed:ResourceWarning"
)


@unclosed
def test_with_a_login(
    make: Make, making: Callable[[Face], Face], tls_server: Server, trust: ssl.SSLContext
) -> None:
    with Socks(tls_server.port, LOGIN) as proxy:
        face = making(make(proxy=f"socks5h://me:s3cret%40%3A%2F@{proxy.address}", ssl_context=trust))
        assert face.send(POST).status == 200
        other = making(make(proxy=f"socks5h://me:wrong@{proxy.address}", ssl_context=trust))
        with pytest.raises(ConnectFailed) as caught:
            other.send(POST)
        assert "wrong" not in str(caught.value)
        del caught
    gc.collect()


@unclosed
def test_one_that_refuses_has_sent_nothing(
    make: Make, making: Callable[[Face], Face], tls_server: Server, trust: ssl.SSLContext
) -> None:
    with Socks(tls_server.port, refuse=True) as proxy:
        face = making(make(proxy=f"socks5h://{proxy.address}", ssl_context=trust))
        with pytest.raises(ConnectFailed):
            face.send(POST)
    assert tls_server.requests == []
    gc.collect()


def test_from_the_environment(
    make: Make,
    making: Callable[[Face], Face],
    tls_server: Server,
    trust: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Socks(tls_server.port) as proxy:
        monkeypatch.setenv("ALL_PROXY", f"socks5h://{proxy.address}")
        face = making(make(trust_env=True, ssl_context=trust))
        assert face.send(POST).status == 200
        assert len(proxy.asked) == 1


def test_what_cannot_be_done_is_said_at_once() -> None:
    with pytest.raises(ConfigurationError, match="aiohttp speaks to no SOCKS proxy: use"):
        AiohttpTransport(proxy="socks5://127.0.0.1:1")
    for kind in (HttpxTransport, AsyncHttpxTransport):
        with pytest.raises(ConfigurationError, match="httpx speaks SOCKS 5 alone"):
            kind(proxy="socks4://127.0.0.1:1")
    Urllib3Transport(proxy="socks4a://127.0.0.1:1").close()


@pytest.mark.parametrize(
    ("module", "transport", "library", "advice"),
    [
        ("urllib3", "Urllib3Transport", "socks", "pip install 'ringback[socks]'"),
        ("httpx", "HttpxTransport", "socksio", "pip install 'httpx[socks]'"),
    ],
)
def test_a_missing_library_is_named(module: str, transport: str, library: str, advice: str) -> None:
    program = f"""
import importlib.util, sys
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == {library!r} else found(name, *rest)
from ringback.transports.{module} import {transport}
{transport}(proxy="socks5://127.0.0.1:1")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "ConfigurationError: " in done.stderr.splitlines()[-1]
    assert advice in done.stderr.splitlines()[-1]
