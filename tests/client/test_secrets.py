"""No credential in any repr, log record, error or traceback message, whatever goes wrong."""

from __future__ import annotations

import base64
import logging
import pickle
import traceback
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from ringback import AsyncClient, Client, RequestOptions
from ringback.errors import ConnectFailed, RingbackError, TimedOut
from ringback.http import Response
from ringback.rest import Account
from ringback.transports.aiohttp import AiohttpTransport
from ringback.transports.httpx import AsyncHttpxTransport, HttpxTransport
from ringback.transports.testing import FakeTransport, RecordingTransport, json_response
from ringback.transports.threaded import ThreadedTransport
from ringback.transports.urllib3 import Urllib3Transport
from tests.client.records import ACCOUNT, AT_ONCE, KEY, PATH, TOKEN, client, message, page, refusal
from tests.transports.server import Reply, Server, answer, raw

SECRET = "s3cr3tsecrets3cr3t"
PASSWORD = "Hunter2Hunter2"
HIDDEN = [
    SECRET,
    TOKEN,
    PASSWORD,
    base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode(),
    base64.b64encode(f"{KEY}:{SECRET}".encode()).decode(),
]


def check(text: str) -> None:
    for secret in HIDDEN:
        assert secret not in text


@pytest.fixture(autouse=True)
def _quiet_logs(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.DEBUG):
        yield
    check(caplog.text)
    for record in caplog.records:
        check(repr(record.__dict__))
        if record.name.startswith("ringback"):
            assert record.levelno == logging.DEBUG


def shown_by(error: BaseException) -> str:
    return "\n".join([str(error), repr(error), repr(error.__dict__), *traceback.format_exception(error)])


class TestReprs:
    @pytest.mark.parametrize("make", [Client, AsyncClient])
    def test_clients(self, make: type[Client]) -> None:
        for one in (make(ACCOUNT, TOKEN), make(ACCOUNT, api_key=KEY, api_secret=SECRET)):
            check(repr(one))
            check(str(one))
            for part in (one._config, one._config.credentials, one._session.exchanges):
                check(f"{part!r} {part}")

    def test_requests(self) -> None:
        fake = FakeTransport([json_response({})])
        seen: list[str] = []
        mine = Client(ACCOUNT, TOKEN, transport=RecordingTransport(fake))
        mine.request("POST", "/x", form={"Password": PASSWORD}, options=RequestOptions(extra={"Pin": SECRET}))
        for recorded in fake.recorded:
            seen += [repr(recorded), repr(recorded.request), repr(recorded.request.headers)]
        check("".join(seen))

    def test_options(self) -> None:
        check(repr(RequestOptions(headers={"Cookie": SECRET}, extra={"Password": PASSWORD})))

    def test_records(self) -> None:
        body: dict[str, object] = {
            "sid": ACCOUNT,
            "owner_account_sid": ACCOUNT,
            "friendly_name": "x",
            "status": "active",
            "type": "Full",
            "auth_token": TOKEN,
            "date_created": "Tue, 03 Nov 2026 20:36:28 +0000",
            "date_updated": "Tue, 03 Nov 2026 20:36:28 +0000",
            "uri": PATH + ".json",
            "subresource_uris": {},
        }
        mine = client(FakeTransport([json_response(body)] * 2))
        account = mine.accounts(ACCOUNT).fetch()
        assert isinstance(account, Account)
        assert account.auth_token == TOKEN
        check(repr(account))
        raw_response = mine.with_raw_response(lambda c: c.accounts(ACCOUNT).fetch())
        check(repr(raw_response))

    def test_transports(self) -> None:
        proxy = f"http://me:{PASSWORD}@127.0.0.1:1"
        for one in (
            Urllib3Transport(proxy=proxy),
            ThreadedTransport(Urllib3Transport(proxy=proxy)),
            HttpxTransport(proxy=proxy),
            AsyncHttpxTransport(proxy=proxy),
            AiohttpTransport(proxy=proxy),
        ):
            check(repr(one))


BROKEN_RECORD = b'{"sid": "' + ACCOUNT.encode() + b'", "auth_token": "' + TOKEN.encode() + b'", "st'


class TestErrors:
    @pytest.mark.parametrize(
        "outcome",
        [
            ConnectFailed("x"),
            TimedOut("x"),
            refusal(400),
            refusal(401),
            refusal(429),
            Response(500, body=f"Authorization: Basic {HIDDEN[3]} token={TOKEN}".encode()),
            Response(200, body=BROKEN_RECORD),
            Response(200, body=f"<html>{TOKEN}</html>".encode()),
            json_response({"auth_token": TOKEN, "sid": 5}),
            Response(302, body=TOKEN.encode()),
        ],
    )
    def test_of_the_wire(self, outcome: Response | ConnectFailed) -> None:
        mine = client(FakeTransport(lambda _: outcome))
        with pytest.raises(RingbackError) as fetched:
            mine.accounts(ACCOUNT).fetch()
        with pytest.raises(RingbackError) as created:
            mine.sip.credential_lists("CL" + "0" * 32).credentials.create(username="ada", password=PASSWORD)
        for caught in (fetched, created):
            check(shown_by(caught.value))
            check(repr(pickle.dumps(caught.value)))

    def test_of_arguments(self) -> None:
        mine = client(FakeTransport([]))
        wrong: Any = PASSWORD.encode()
        with pytest.raises(ValueError, match=r"password: expected .* got \*\*\*") as caught:
            mine.sip.credential_lists("CL" + "0" * 32).credentials.create(username="ada", password=wrong)
        check(shown_by(caught.value))

    @pytest.mark.parametrize(
        "reply", [raw(b""), raw(b"SSH-2.0\r\n\r\n"), answer(b"nope", 200), answer(b"", 500)]
    )
    def test_of_real_connections(self, server: Server, reply: Reply) -> None:
        server.on(PATH + "/Messages.json", reply)
        with Client(ACCOUNT, TOKEN, base_url=server.url, retry=AT_ONCE) as mine:
            for attempt in (
                mine.messages.list().first,
                lambda: mine.messages.create(to="+1", from_="+1", body="x"),
            ):
                with pytest.raises(RingbackError) as caught:
                    attempt()
                check(shown_by(caught.value))


class TestForeignHosts:
    def test_credentials_go_home_only(self) -> None:
        """Neither by a page that links abroad nor by a redirect of content."""
        fake = FakeTransport(
            lambda request: (
                page("messages", message(), next_uri="https://evil.example/x")
                if "Messages" in request.url
                else Response(302, {"Location": "https://storage.example/x"})
                if "twilio.com" in request.url
                else json_response({})
            )
        )
        hosts: list[tuple[str, bool]] = []
        mine = client(RecordingTransport(fake))
        with suppress(RingbackError):
            list(mine.messages.list())
        with mine._session.stream(PATH + "/Recordings/RE1.mp3") as content:
            assert content.status == 200
        hosts = [
            (one.request.url.split("/")[2], "authorization" in one.request.headers) for one in fake.recorded
        ]
        assert hosts == [("api.twilio.com", True), ("api.twilio.com", True), ("storage.example", False)]


@pytest.mark.parametrize("part", ["calls", "_session", "_config"])
def test_no_part_of_a_client_takes_its_credentials_along(part: str) -> None:
    # Else a task queue would be sent them by whoever passes `client.calls` to a job.
    fake = FakeTransport([json_response(message())])
    with client(fake) as one:
        one.messages.create(to="+15558675310", from_="+15557122661", body="x")
        with pytest.raises(TypeError, match=r"credentials can't be pickled"):
            pickle.dumps(getattr(one, part))
