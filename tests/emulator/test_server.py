"""The emulator as a server: official clients, curl, the control API, the command line."""

from __future__ import annotations

import gc
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import urllib3
import uvicorn
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client as OfficialClient

from ringback import Client
from ringback.emulator import ACCOUNT_SID, AUTH_TOKEN, Emulator, serving
from ringback.emulator.server import collecting_rarely
from ringback.errors import ConfigurationError
from tests.emulator.conftest import ANNA, BEN, OURS
from tests.emulator.website import Website, until


@pytest.fixture
def running() -> Generator[Emulator]:
    """With a clock that skips what nobody waits for."""
    with Emulator(clock="auto") as emulator:
        emulator.number(OURS)
        yield emulator


@pytest.fixture
def url(running: Emulator) -> Generator[str]:
    with serving(running) as url:
        yield url


class Rerouted(TwilioHttpClient):  # type: ignore[misc]
    """Sends what is meant for Twilio to the emulator."""

    def __init__(self, home: str) -> None:
        super().__init__()
        self.home = home

    def request(self, method: str, url: str, *args: Any, **keywords: Any) -> Any:
        parts = urlsplit(url)
        query = f"?{parts.query}" if parts.query else ""
        return super().request(method, f"{self.home}{parts.path}{query}", *args, **keywords)

    def close(self) -> None:
        if self.session is not None:
            self.session.close()


@pytest.fixture
def official(url: str) -> Generator[OfficialClient]:
    http = Rerouted(url)
    yield OfficialClient(ACCOUNT_SID, AUTH_TOKEN, http_client=http)
    http.close()


def test_the_official_client_places_calls(running: Emulator, official: OfficialClient) -> None:
    website = Website({"/answered": "<Response><Say>Hello</Say></Response>"})
    with website.served() as home:
        call = official.calls.create(
            to=ANNA,
            from_=OURS,
            url=f"{home}/answered",
            status_callback=f"{home}/progress",
            status_callback_event=["initiated", "ringing", "answered", "completed"],
        )
        assert (call.status, call.direction, call.to_formatted) == (
            "queued",
            "outbound-api",
            "(555) 867-5310",
        )
        until(lambda: len(website.at("/progress")) == 4)
    assert [each["CallStatus"] for each in website.at("/progress")] == [
        "initiated",
        "ringing",
        "in-progress",
        "completed",
    ]
    fetched = official.calls(str(call.sid)).fetch()
    assert (fetched.status, fetched.duration) == ("completed", "1")
    assert fetched.start_time is not None
    assert [each.sid for each in official.calls.list(status="completed", start_time_after=running.date)] == [
        call.sid
    ]


def test_the_official_client_sends_texts_and_turns_pages(running: Emulator, official: OfficialClient) -> None:
    for number in range(7):
        sent = official.messages.create(to=ANNA, from_=OURS, body=str(number))
        assert sent.status == "queued"
    assert [each.body for each in official.messages.list(page_size=3)] == list("6543210")
    until(lambda: len(running.phone(ANNA).texts) == 7)
    page = official.messages.page(page_size=3)
    following = page.next_page()
    assert following is not None
    assert [each.body for each in following] == ["3", "2", "1"]


def test_the_official_client_understands_refusals(official: OfficialClient) -> None:
    with pytest.raises(TwilioRestException) as refused:
        official.calls.create(to="nobody", from_=OURS, url="http://127.0.0.1/")
    assert (refused.value.status, refused.value.code) == (400, 21211)
    with pytest.raises(TwilioRestException) as missing:
        official.messages("SM" + "0" * 32).fetch()
    assert (missing.value.status, missing.value.code) == (404, 20404)


def test_the_official_client_reads_everything(running: Emulator, official: OfficialClient) -> None:
    number = official.incoming_phone_numbers.list()[0]
    assert number.phone_number == OURS
    assert json.loads(json.dumps(number.capabilities))["sms"] is True
    application = official.applications.create(friendly_name="Desk", voice_url="https://example.com/")
    assert application.update(friendly_name="Kitchen").friendly_name == "Kitchen"
    assert application.delete()
    account = official.api.v2010.account.fetch()
    assert (account.sid, account.status, account.type) == (ACCOUNT_SID, "active", "Full")
    assert official.api.v2010.account.balance.fetch().currency == "USD"
    text = official.messages.create(
        to=ANNA, from_=OURS, media_url=["https://example.com/cat.png"], provide_feedback=True
    )
    assert [each.content_type for each in text.media.list()] == ["image/png"]
    assert text.feedback.create(outcome="confirmed").outcome == "confirmed"


def test_our_client_over_http(url: str) -> None:
    with Client(ACCOUNT_SID, AUTH_TOKEN, base_url=url) as client:
        assert client.messages.create(to=ANNA, from_=OURS, body="Hi").status == "queued"
        assert client.balance.fetch().currency == "USD"


class Http:
    def __init__(self, url: str) -> None:
        self.url = url
        self.pool = urllib3.PoolManager()

    def __call__(self, method: str, path: str, expected: int = 200, /, **form: str) -> Any:
        body = None if method == "GET" else urlencode(form)
        answer = self.pool.request(method, self.url + path, body=body, retries=False)
        assert answer.status == expected, answer.data
        return json.loads(answer.data)


@pytest.fixture
def http(url: str) -> Generator[Http]:
    http = Http(url)
    yield http
    http.pool.clear()


def test_phones_are_driven_from_outside(http: Http) -> None:
    website = Website(
        {
            "/voice": "<Response><Gather numDigits='2' action='/keys'><Say>Code?</Say></Gather></Response>",
            "/keys": "<Response><Record playBeep='false' action='/done'/></Response>",
            "/done": "<Response><Say>Thanks</Say></Response>",
            "/sms": "<Response><Message>Hello</Message></Response>",
        }
    )
    with website.served() as home, Emulator(clock="real", speed=20) as emulator, serving(emulator) as url:
        drive = Http(url)
        drive(
            "POST", "/_emulator/numbers", phone_number=OURS, voice_url=f"{home}/voice", sms_url=f"{home}/sms"
        )
        dialed = drive("POST", f"/_emulator/phones/{ANNA}/dial", to=OURS)
        drive("POST", f"/_emulator/phones/{ANNA}/press", keys="42")
        until(lambda: bool(website.at("/keys")))
        drive("POST", f"/_emulator/phones/{ANNA}/speak", text="It is me", seconds="3")
        until(lambda: bool(website.at("/done")))
        until(lambda: drive("GET", f"/_emulator/phones/{ANNA}")["calls"][0]["state"] == "over")
        assert website.at("/keys")[0]["Digits"] == "42"
        assert website.at("/done")[0]["RecordingDuration"] == "3"
        call = drive("GET", f"/_emulator/phones/{ANNA}")["calls"][0]
        assert (call["call_sid"], call["status"]) == (dialed["call_sid"], "completed")
        assert [heard["what"] for heard in call["heard"]] == ["Code?", "Thanks"]
        drive("POST", f"/_emulator/phones/{BEN}/text", to=OURS, body="Hi")
        until(lambda: bool(drive("GET", f"/_emulator/phones/{BEN}")["texts"]))
        entries = drive("GET", "/_emulator/transcript")
        assert entries["next"] == len(entries["entries"]) > 5
        assert drive("GET", f"/_emulator/transcript?after={entries['next']}")["entries"] == []
        text = drive.pool.request("GET", f"{url}/_emulator/transcript?format=text").data.decode()
        assert f'{ANNA}   hears "Thanks"' in text
        overview = drive("GET", "/_emulator/")
        assert (overview["numbers"], sorted(overview["phones"])) == ([OURS], [ANNA, BEN])
        before = overview["now"]
        assert drive("POST", "/_emulator/clock", seconds="3600")["now"] >= before
        until(lambda: drive("GET", "/_emulator/")["now"] > 3600)
        drive.pool.clear()


def test_phones_behave_as_told_from_outside(http: Http, running: Emulator) -> None:
    http("POST", f"/_emulator/phones/{ANNA}", on_call="busy", on_text="undelivered")
    with running.client() as client:
        sid = client.calls.create(to=ANNA, from_=OURS, twiml="<Response/>").sid
        text = client.messages.create(to=ANNA, from_=OURS, body="Hi").sid
        until(lambda: client.calls(sid).fetch().status == "busy")
        until(lambda: client.messages(text).fetch().status == "undelivered")


def test_a_call_says_who_calls_from_outside(http: Http, running: Emulator) -> None:
    who = {"caller_name": "Anna", "forwarded_from": BEN}
    sid = str(http("POST", f"/_emulator/phones/{ANNA}/dial", to=OURS, **who)["call_sid"])
    with running.client() as client:
        call = client.calls(sid).fetch()
        assert (call.caller_name, call.forwarded_from) == ("Anna", BEN)
        app = client.applications.create(friendly_name="Desk").sid
        given = {"to": app, "p.To": BEN}
        sid = str(http("POST", "/_emulator/phones/client:anna/dial", **given)["call_sid"])
        assert client.calls(sid).fetch().to == BEN
    running.allow_problems()


@pytest.mark.parametrize(
    ("method", "path", "form", "status"),
    [
        ("POST", f"/_emulator/phones/{ANNA}/dial", {"to": OURS, "p.room": "hall"}, 409),
        ("POST", f"/_emulator/phones/{ANNA}/dial", {"to": OURS, "h.X-Room": "hall"}, 409),
        ("GET", "/_emulator/nothing", {}, 404),
        ("POST", f"/_emulator/phones/{ANNA}/dial", {}, 400),
        ("POST", f"/_emulator/phones/{ANNA}/dial", {"to": BEN}, 409),
        ("POST", f"/_emulator/phones/{ANNA}/hangup", {}, 409),
        ("POST", f"/_emulator/phones/{ANNA}/press", {"keys": "1"}, 409),
        ("POST", f"/_emulator/phones/{ANNA}", {"on_call": "explode"}, 400),
        ("POST", f"/_emulator/phones/{ANNA}", {"on_call": "answer", "after": "nan"}, 400),
        ("POST", f"/_emulator/phones/{OURS}/dial", {"to": OURS}, 409),
        ("POST", "/_emulator/clock", {"seconds": "-5"}, 400),
    ],
)
def test_orders_that_make_no_sense(
    http: Http, method: str, path: str, form: dict[str, str], status: int
) -> None:
    assert http(method, path, status, **form)["status"] == status


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://["])
def test_a_web_page_can_not_give_orders(http: Http, origin: str) -> None:
    answer = http.pool.request("POST", f"{http.url}/_emulator/clock", headers={"Origin": origin})
    assert answer.status == 403


def test_a_body_that_is_too_long(http: Http) -> None:
    answer = http.pool.request("POST", f"{http.url}/_emulator/clock", body=b"a" * 1_100_000)
    assert answer.status == 413


def test_a_port_that_is_taken(running: Emulator, url: str) -> None:
    port = urlsplit(url).port or 0
    with pytest.raises(ConfigurationError, match="can't listen"), serving(running, port=port):
        pass


def test_a_kept_connection_does_not_wait_for_acknowledgements(
    running: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers: list[uvicorn.Server] = []
    run = uvicorn.Server.run

    def noted(server: uvicorn.Server, sockets: list[socket.socket] | None = None) -> None:
        servers.append(server)
        run(server, sockets)

    monkeypatch.setattr(uvicorn.Server, "run", noted)
    with serving(running) as url, urllib3.PoolManager() as pool:
        for _ in range(2):
            assert pool.request("GET", f"{url}/_emulator/").status == 200
        (connection,) = servers[0].server_state.connections
        accepted = connection.transport.get_extra_info("socket")
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_garbage_is_looked_for_less_often_while_it_serves() -> None:
    usual = gc.get_threshold()
    with collecting_rarely():
        assert gc.get_threshold() > usual
        assert gc.get_freeze_count() > 0
    assert (gc.get_threshold(), gc.get_freeze_count()) == (usual, 0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_line(number: signal.Signals) -> None:
    command = [sys.executable, "-m", "ringback.cli", "emulator", "--port", "0", "--clock", "auto"]
    environment = {**os.environ, "TWILIO_AUTH_TOKEN": "not to be shown"}
    with subprocess.Popen(
        [*command, "--number", f"{OURS}=http://127.0.0.1:9/", "--number", "+15017120000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(4)]
        found = re.search(r"ringback emulator at (http://127\.0\.0\.1:\d+)", lines[0])
        assert found is not None, lines
        http = Http(found[1])
        assert http("GET", "/_emulator/")["numbers"] == [OURS, "+15017120000"]
        http.pool.clear()
        process.send_signal(number)
        rest = process.stdout.read()
        assert process.wait(10) == 0
    output = "".join(lines) + rest
    assert "Traceback" not in output
    assert "not to be shown" not in output


@pytest.mark.parametrize(
    "arguments",
    [["--port", "x"], ["--port", "70000"], ["--speed", "0"], ["--speed", "nan"], ["--clock", "none"]],
)
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    from ringback.cli import main

    with pytest.raises(SystemExit) as error:
        main(["emulator", *arguments])
    assert error.value.code == 2
    assert "usage" in capsys.readouterr().err
