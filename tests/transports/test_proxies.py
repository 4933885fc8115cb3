"""Which proxy is taken, and what happens on the way through it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable

import pytest

from ringback.errors import ConnectFailed, InvalidValue
from ringback.http import Headers, Request
from ringback.transports.proxies import Proxies, Proxy
from tests.transports.kinds import Face, Make
from tests.transports.proxy import FORBIDDEN, FORWARDED, tunnel_to
from tests.transports.server import Server

PASSWORD = "s3cr%40t"
BASIC = "Basic bWU6czNjckB0"  # me:s3cr@t
VARIABLES = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"]


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def get(url: str) -> Request:
    return Request("GET", url, Headers({"Authorization": "Basic c2VjcmV0"}))


class TestThrough:
    """Each transport, with a proxy that really tunnels."""

    def test_https_in_a_tunnel(
        self,
        make: Make,
        making: Callable[[Face], Face],
        server: Server,
        tls_server: Server,
        trust: ssl.SSLContext,
    ) -> None:
        server.on("api.example.test:443", tunnel_to(tls_server.port))
        face = making(make(proxy=f"http://me:{PASSWORD}@127.0.0.1:{server.port}", ssl_context=trust))
        for _ in range(2):
            assert face.send(get("https://api.example.test/2010-04-01")).status == 200
        (connect,) = server.requests
        assert (connect.method, connect.header("Proxy-Authorization")) == ("CONNECT", BASIC)
        # The credentials of the API are inside the tunnel, those of the proxy outside.
        assert connect.header("Authorization") is None
        assert [seen.header("Proxy-Authorization") for seen in tls_server.requests] == [None, None]
        assert tls_server.requests[0].header("Authorization") == "Basic c2VjcmV0"

    def test_plain_http(self, make: Make, making: Callable[[Face], Face], server: Server) -> None:
        server.on("http://127.0.0.1:9/x", FORWARDED)
        face = making(make(proxy=server.url))
        assert face.send(get("http://127.0.0.1:9/x")).body == b'{"proxied": true}'

    def test_a_proxy_that_refuses(self, make: Make, making: Callable[[Face], Face], server: Server) -> None:
        server.on("api.example.test:443", FORBIDDEN)
        face = making(make(proxy=f"http://me:{PASSWORD}@127.0.0.1:{server.port}"))
        with pytest.raises(ConnectFailed, match="407") as caught:
            face.send(get("https://api.example.test/"))
        assert "s3cr" not in repr(caught.value)

    def test_a_proxy_that_is_not_there(self, make: Make, making: Callable[[Face], Face]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        face = making(make(proxy=f"http://me:{PASSWORD}@127.0.0.1:{port}"))
        with pytest.raises(ConnectFailed) as caught:
            face.send(get("https://api.example.test/"))
        assert "s3cr" not in repr(caught.value)

    def test_from_the_environment(
        self,
        make: Make,
        making: Callable[[Face], Face],
        server: Server,
        tls_server: Server,
        trust: ssl.SSLContext,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:{PASSWORD}@127.0.0.1:{server.port}")
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        server.on("api.example.test:443", tunnel_to(tls_server.port))
        face = making(make(trust_env=True, ssl_context=trust))
        assert face.send(get("https://api.example.test/")).status == 200
        assert server.requests[0].header("Proxy-Authorization") == BASIC
        # This machine is never behind a proxy, and plain http never leaves it.
        assert face.send(get(tls_server.url + "/")).status == 200
        assert face.send(get(server.url + "/")).status == 200
        assert [seen.method for seen in server.requests] == ["CONNECT", "GET"]

    @pytest.mark.parametrize(
        "proxy", ["", "proxy.example.com:3128", "ftp://me:secret@proxy", "http://", "http://x:y"]
    )
    def test_a_malformed_one(self, make: Make, proxy: str) -> None:
        with pytest.raises(InvalidValue, match="proxy: expected the URL of an HTTP proxy") as caught:
            make(proxy=proxy).close()
        assert "secret" not in str(caught.value)


class TestChoice:
    URL = "https://api.twilio.com/2010-04-01/Accounts.json?a=1"

    def test_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTPS_PROXY", "proxy.example.com:3128")
        assert Proxies(None, trust_env=True).of(self.URL) == Proxy("http://proxy.example.com:3128")
        assert Proxies(None, trust_env=False).of(self.URL) is None
        assert Proxies("http://other:1", trust_env=True).of(self.URL) == Proxy("http://other:1")

    def test_all_proxy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ALL_PROXY", "http://[::1]:3128")
        assert Proxies(None, trust_env=True).of(self.URL) == Proxy("http://[::1]:3128")

    def test_plain_http_goes_through_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://proxy.example.com:3128")
        proxies = Proxies(None, trust_env=True)
        assert proxies.of(self.URL) is None
        monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
        assert proxies.of("http://api.example.com/") is None
        assert proxies.of("http://127.0.0.1:8080/") is None

    @pytest.mark.parametrize(
        "exceptions", ["api.twilio.com", ".twilio.com", "twilio.com", "*", "x, api.twilio.com"]
    )
    def test_no_proxy(self, monkeypatch: pytest.MonkeyPatch, exceptions: str) -> None:
        monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
        monkeypatch.setenv("NO_PROXY", exceptions)
        assert Proxies(None, trust_env=True).of(self.URL) is None

    @pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8443", "[::1]", "127.9.9.9"])
    def test_this_machine(self, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
        monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
        assert Proxies(None, trust_env=True).of(f"https://{host}/x") is None

    def test_a_proxy_we_cannot_speak_to(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ALL_PROXY", "ftp://me:secret@proxy.example.com")
        with pytest.raises(InvalidValue, match=r"HTTPS_PROXY or ALL_PROXY: .*got \*\*\*"):
            Proxies(None, trust_env=True).of(self.URL)

    def test_the_password_is_not_shown(self) -> None:
        assert "s3cr" not in repr(Proxy.parse(f"http://me:{PASSWORD}@proxy:1"))
