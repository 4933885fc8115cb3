"""Credentials and addresses: arguments first, then the environment, then an error that helps."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from ringback import AsyncClient, Client, RequestOptions, Timeout
from ringback.errors import ConfigurationError, InvalidValue
from ringback.http import Request, Response
from ringback.transports import AsyncTransport, Transport
from ringback.transports.testing import AsyncFakeTransport, FakeTransport, json_response
from tests.client.records import ACCOUNT, KEY, TOKEN

VARIABLES = [
    "RINGBACK_BASE_URL",
    "TWILIO_ACCOUNT_SID",
    "TWILIO_AUTH_TOKEN",
    "TWILIO_API_KEY",
    "TWILIO_API_SECRET",
    "TWILIO_EDGE",
    "TWILIO_REGION",
]
OTHER = "AC" + "9" * 32


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def sent_by(**settings: Any) -> str:
    """The user name and password that a client with these settings sends."""
    seen: list[str] = []

    def spy(request: Request) -> Response:
        seen.append(request.headers["Authorization"])
        return json_response({})

    Client(**settings, transport=FakeTransport(spy)).request("GET", "/x")
    return base64.b64decode(seen[0].removeprefix("Basic ")).decode()


class TestCredentials:
    def test_a_token(self) -> None:
        assert sent_by(account_sid=ACCOUNT, auth_token=TOKEN) == f"{ACCOUNT}:{TOKEN}"

    def test_a_key(self) -> None:
        assert sent_by(account_sid=ACCOUNT, api_key=KEY, api_secret="s3cret:!") == f"{KEY}:s3cret:!"

    def test_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TWILIO_ACCOUNT_SID", ACCOUNT)
        monkeypatch.setenv("TWILIO_AUTH_TOKEN", TOKEN)
        assert sent_by() == f"{ACCOUNT}:{TOKEN}"
        monkeypatch.setenv("TWILIO_API_KEY", KEY)
        assert sent_by() == f"{ACCOUNT}:{TOKEN}"  # half a pair is none
        monkeypatch.setenv("TWILIO_API_SECRET", "secret")
        assert sent_by() == f"{KEY}:secret"

    def test_arguments_win(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TWILIO_ACCOUNT_SID", OTHER)
        monkeypatch.setenv("TWILIO_API_KEY", KEY)
        monkeypatch.setenv("TWILIO_API_SECRET", "secret")
        assert sent_by(account_sid=ACCOUNT, auth_token=TOKEN) == f"{ACCOUNT}:{TOKEN}"
        assert sent_by(auth_token=TOKEN) == f"{OTHER}:{TOKEN}"

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({}, "account_sid is missing: pass it, or set TWILIO_ACCOUNT_SID"),
            ({"account_sid": ""}, "account_sid is missing"),
            ({"account_sid": ACCOUNT}, "credentials are missing: pass auth_token, or api_key and api_secret"),
            ({"account_sid": ACCOUNT, "api_key": KEY}, "api_secret is missing"),
            ({"account_sid": ACCOUNT, "api_secret": "x"}, "api_key is missing"),
            ({"account_sid": ACCOUNT, "auth_token": TOKEN, "api_key": KEY}, "pass auth_token, or api_key"),
        ],
    )
    def test_what_is_missing_is_named(self, settings: dict[str, Any], message: str) -> None:
        for client in (Client, AsyncClient):
            with pytest.raises(ConfigurationError) as caught:
                client(**settings)
            assert message in str(caught.value)

    @pytest.mark.parametrize("name", ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"])
    def test_empty_variables_count_as_missing(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        monkeypatch.setenv("TWILIO_ACCOUNT_SID", ACCOUNT)
        monkeypatch.setenv("TWILIO_AUTH_TOKEN", TOKEN)
        monkeypatch.setenv(name, "")
        with pytest.raises(ConfigurationError, match="missing"):
            Client()

    @pytest.mark.parametrize("token", ["with space", TOKEN + "\n", "naïve", "tab\t", 5])
    @pytest.mark.parametrize("name", ["auth_token", "api_secret"])
    def test_secrets_that_cannot_be_right(self, name: str, token: Any) -> None:
        key: dict[str, Any] = {"api_key": KEY} if name == "api_secret" else {}
        with pytest.raises(InvalidValue, match=rf"^{name}: expected text .* got \*\*\*$"):
            Client(ACCOUNT, **(key | {name: token}))

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            (
                {"account_sid": KEY, "auth_token": TOKEN},
                f"account_sid: expected an Account SID .* got '{KEY}'",
            ),
            # Mixed up: what may be the secret isn't shown.
            (
                {"account_sid": TOKEN, "auth_token": ACCOUNT},
                r"account_sid: expected an Account SID .* got \*\*\*$",
            ),
            ({"account_sid": ACCOUNT, "api_key": ACCOUNT, "api_secret": "x"}, f"api_key: .* got '{ACCOUNT}'"),
            ({"account_sid": ACCOUNT, "api_key": "s3cret", "api_secret": KEY}, r"api_key: .* got \*\*\*$"),
            ({"account_sid": "AC" + "g" * 32, "auth_token": TOKEN}, "account_sid: expected an Account SID"),
        ],
    )
    def test_sids_of_the_wrong_kind(self, settings: dict[str, Any], message: str) -> None:
        with pytest.raises(InvalidValue, match=message):
            Client(**settings)


class TestAddress:
    def base_url(self, **settings: Any) -> str:
        return Client(ACCOUNT, TOKEN, **settings).base_url

    @pytest.mark.parametrize("by", ["arguments", "environment"])
    @pytest.mark.parametrize("region", ["br1", "de1", "jp1", "sg1", "us2"])
    def test_a_region_whose_edge_nobody_knows(
        self, monkeypatch: pytest.MonkeyPatch, by: str, region: str
    ) -> None:
        if by == "environment":
            monkeypatch.setenv("TWILIO_REGION", region)
        with pytest.raises(ConfigurationError, match=f"edge is missing: region '{region}'"):
            self.base_url(**({"region": region} if by == "arguments" else {}))
        monkeypatch.setenv("TWILIO_EDGE", "frankfurt")
        monkeypatch.setenv("TWILIO_REGION", region)
        assert self.base_url() == f"https://api.frankfurt.{region}.twilio.com"

    def test_a_region_of_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TWILIO_REGION", "ie1")
        assert self.base_url() == "https://api.dublin.ie1.twilio.com"

    @pytest.mark.parametrize("name", ["account_sid", "auth_token", "edge", "region", "base_url"])
    @pytest.mark.parametrize("value", ["", b"", b"AC", 0])
    def test_nothing_given_falls_back_to_the_environment(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: object
    ) -> None:
        monkeypatch.setenv("TWILIO_ACCOUNT_SID", ACCOUNT)
        monkeypatch.setenv("TWILIO_AUTH_TOKEN", TOKEN)
        monkeypatch.setenv("TWILIO_EDGE", "dublin")
        monkeypatch.setenv("RINGBACK_BASE_URL", "http://127.0.0.1:8080")
        settings: dict[str, Any] = {name: value}
        with pytest.raises((ConfigurationError, InvalidValue), match=name):
            Client(**settings)

    @pytest.mark.parametrize(
        ("settings", "host"),
        [
            ({}, "api.twilio.com"),
            ({"region": "ie1"}, "api.dublin.ie1.twilio.com"),
            ({"region": "au1"}, "api.sydney.au1.twilio.com"),
            ({"region": "us1"}, "api.twilio.com"),
            ({"edge": "frankfurt", "region": "de1"}, "api.frankfurt.de1.twilio.com"),
            ({"edge": "dublin", "region": "ie1"}, "api.dublin.ie1.twilio.com"),
            ({"edge": "dublin"}, "api.dublin.us1.twilio.com"),
        ],
    )
    def test_edge_and_region(
        self, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], host: str
    ) -> None:
        assert self.base_url(**settings) == f"https://{host}"
        for name, value in settings.items():
            monkeypatch.setenv(f"TWILIO_{name.upper()}", value)
        assert self.base_url() == f"https://{host}"

    @pytest.mark.parametrize(
        "url",
        [
            "https://api.example.com",
            "https://api.example.com:8443",
            "http://127.0.0.1:8080",
            "http://localhost:1",
            "http://[::1]:8080",
        ],
    )
    def test_another_service(self, url: str) -> None:
        assert self.base_url(base_url=url) == url
        assert self.base_url(base_url=url + "/") == url

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "api.twilio.com",
            "ftp://api.twilio.com",
            "http://api.twilio.com",
            "http://10.0.0.1",
            "http://127.0.0.1.evil.example",
            "https://api.twilio.com/2010-04-01",
            "https://api.twilio.com?x=1",
            "https://api.twilio.com#x",
            "https://api.twilio.com:0",
            "https://api.twilio.com:x",
            "https://[::1",
            "https://api.twilio.com\n.evil.example",
            "https://evil.example\\.twilio.com",
            "https:// api.twilio.com",
            "https://é.example",
        ],
    )
    def test_no_address(self, url: str) -> None:
        with pytest.raises(InvalidValue, match=r"^base_url: expected scheme and host alone"):
            self.base_url(base_url=url)

    def test_a_password_in_it_is_not_shown(self) -> None:
        with pytest.raises(InvalidValue, match=r"got \*\*\*$"):
            self.base_url(base_url="https://me:hunter2@api.twilio.com")

    @pytest.mark.parametrize("name", ["edge", "region"])
    @pytest.mark.parametrize("value", ["", "a.b", "Dublin", "evil.example/", "x" * 64, "-a", "ü"])
    def test_no_name(self, name: str, value: str) -> None:
        with pytest.raises(InvalidValue, match=f"^{name}: expected a name such as dublin"):
            self.base_url(**{name: value})

    def test_not_both(self) -> None:
        with pytest.raises(ConfigurationError, match="not both"):
            self.base_url(base_url="https://api.example.com", edge="dublin")


class TestSettings:
    @pytest.mark.parametrize("timeout", [0, -1, "5", True, float("nan"), float("inf")])
    def test_timeouts(self, timeout: float) -> None:
        with pytest.raises(
            InvalidValue, match=r"^timeout: expected seconds above 0, at most 1,000,000, or a Timeout"
        ):
            Client(ACCOUNT, TOKEN, timeout=timeout)

    def test_parts_of_a_timeout(self) -> None:
        with pytest.raises(InvalidValue, match=r"^timeout.read: expected seconds above 0"):
            Timeout(read=0)

    @pytest.mark.parametrize("size", [0, -1, 10_001])
    def test_pool_sizes(self, size: int) -> None:
        for client in (Client, AsyncClient):
            with pytest.raises(InvalidValue, match=r"^pool_size: expected a whole number from 1 to 10000"):
                client(ACCOUNT, TOKEN, pool_size=size)

    @pytest.mark.parametrize("hooks", [print, [None], ["x"]])
    def test_hooks(self, hooks: Any) -> None:
        for client in (Client, AsyncClient):
            with pytest.raises(InvalidValue, match=r"^hooks: expected a list of generator functions"):
                client(ACCOUNT, TOKEN, hooks=hooks)

    @pytest.mark.parametrize("retry", [3, True, "often"])
    def test_retries(self, retry: Any) -> None:
        with pytest.raises(InvalidValue, match=r"^retry: expected a RetryPolicy"):
            Client(ACCOUNT, TOKEN, retry=retry)
        with pytest.raises(InvalidValue, match=r"^retry: expected a RetryPolicy"):
            AsyncClient(ACCOUNT, TOKEN, retry=retry)
        with pytest.raises(InvalidValue, match=r"^retry: expected a RetryPolicy"):
            RequestOptions(retry=retry)

    def test_a_pool_size_goes_with_the_default_transport(self) -> None:
        with pytest.raises(ConfigurationError, match="pass pool_size, or a transport"):
            Client(ACCOUNT, TOKEN, pool_size=5, transport=FakeTransport([]))

    def test_transports_of_the_other_kind(self) -> None:
        wrong_async: Transport = AsyncFakeTransport([])  # type: ignore[assignment]
        wrong_sync: AsyncTransport = FakeTransport([])  # type: ignore[assignment]
        with pytest.raises(ConfigurationError, match="Client needs a Transport"):
            Client(ACCOUNT, TOKEN, transport=wrong_async)
        with pytest.raises(ConfigurationError, match="AsyncClient needs an AsyncTransport"):
            AsyncClient(ACCOUNT, TOKEN, transport=wrong_sync)
