"""`ringback emulator` prints what happens: every call, text and webhook, and why one failed."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from urllib.parse import urlencode

import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from ringback import Application, Client, IncomingCall, IncomingMessage
from ringback.cli import main
from ringback.emulator import ACCOUNT_SID, AUTH_TOKEN, Emulator
from ringback.emulator.engine.records import Problem
from ringback.emulator.engine.transcript import Entry
from ringback.emulator.printing import Printer
from ringback.http import Headers, WebhookResponse
from ringback.twiml import Message, MessagingResponse, Say, VoiceResponse
from tests.emulator.conftest import ANNA, OURS
from tests.emulator.test_served import wsgi
from tests.emulator.website import HOME, Website


@contextmanager
def command(*arguments: str) -> Generator[tuple[str, subprocess.Popen[str]]]:
    """`ringback emulator` in a process of its own; its URL, and the process after its first four lines."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ringback.cli", "emulator", "--port", "0", "--clock", "auto", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    # What never comes would be waited for without end.
    watchdog = threading.Timer(30, process.kill)
    watchdog.start()
    try:
        assert process.stdout is not None
        head = [process.stdout.readline() for _ in range(4)]
        yield head[0].split()[-1], process
    finally:
        watchdog.cancel()
        process.terminate()
        process.communicate(timeout=10)


def lines_until(process: subprocess.Popen[str], text: str) -> list[str]:
    """The lines that come, up to the first with this in it: what isn't flushed would never come."""
    assert process.stdout is not None
    lines: list[str] = []
    while not lines or text not in lines[-1]:
        lines.append(process.stdout.readline().rstrip("\n"))
        assert lines[-1], lines
    return lines


def order(url: str, path: str, **form: str) -> None:
    with urllib3.PoolManager() as pool:
        answer = pool.request("POST", f"{url}/_emulator/{path}", body=urlencode(form))
        assert answer.status == 200, answer.data


def test_a_line_for_everything_and_the_body_of_what_failed() -> None:
    website = Website({"/voice": "<Response><Say>Hello</Say></Response>"})
    website.pages["/sms"] = WebhookResponse(
        500, Headers(), f"Traceback\x1b[31m\nKeyError: '{AUTH_TOKEN}'\n".encode()
    )
    with website.served() as home:
        number = f"{OURS},voice={home}/voice,sms={home}/sms,status={home}/status"
        with command("--number", number) as (url, process):
            order(url, f"phones/{ANNA}/dial", to=OURS)
            call = "\n".join(lines_until(process, f"tells POST {home}/status completed → 200"))
            order(url, f"phones/{ANNA}/text", to=OURS, body="Hi \x1b]0;gone\x07")
            text = "\n".join(lines_until(process, "KeyError"))
    assert f"call 1         {ANNA}   dials {OURS}" in call
    assert f"asks POST {home}/voice → Say" in call
    assert f'hears "Hello" [Say {home}/voice]' in call
    assert f'message 1      {ANNA}   texts "Hi \\x1b]0;gone\\x07"' in text
    assert f"problem 11200: HTTP 500 from {home}/sms" in text
    assert "= Fetching the URL failed (4xx, 5xx, silence, wrong type): ringback explain 11200" in text
    assert "| Traceback\\x1b[31m" in text
    assert "| KeyError: '***'" in text
    assert {each.path for each in website.asked} == {"/voice", "/status", "/sms"}


def test_a_line_for_every_request_that_is_refused() -> None:
    calls = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Calls.json"
    long = "x\x1b" * 1000
    with command("--number", OURS) as (url, process), urllib3.PoolManager() as pool:

        def refused(method: str, path: str, login: str, *, host: str = "localhost", **form: str) -> str:
            headers = {**urllib3.make_headers(basic_auth=login), "Host": host}
            body = urlencode(form) if form else None
            answer = pool.request(method, f"{url}{path}", body=body, headers=headers, redirect=False)
            line = lines_until(process, "refuses")[-1]
            assert f"→ HTTP {answer.status}, " in line
            assert line.isprintable()
            assert len(line) < 3000
            assert AUTH_TOKEN not in line
            return line

        ours = f"{ACCOUNT_SID}:{AUTH_TOKEN}"
        assert f"refuses POST {calls} → HTTP 400, 21211: " in refused(
            "POST", calls, ours, To="nobody", From=OURS, Url="http://localhost/"
        )
        told = refused("POST", calls, ours, To="http://anna:secret@b", From=OURS, Url="http://localhost/")
        assert "To 'http://b' is no number" in told
        assert f"refuses GET {calls} → HTTP 401, 20003: Authenticate" in refused(
            "GET", f"{calls}?token={AUTH_TOKEN}", f"{ACCOUNT_SID}:secret"
        )
        missing = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Calls/CA{'0' * 32}.json"
        assert f"refuses GET {missing} → HTTP 404, 20404: " in refused("GET", missing, ours)
        refused("POST", calls, ours, To=long + AUTH_TOKEN, From=OURS, Url="http://localhost/")
        refused("POST", calls, ours, To=f"{'x' * 175}{AUTH_TOKEN}", From=OURS, Url="http://localhost/")
        refused("GET", f"/{'x' * 140}{AUTH_TOKEN}{'y' * 500}", ours)
        assert "HTTP 413" in refused("POST", calls, ours, To="x" * 1_000_001)
        assert "evil.example" in refused("GET", calls, ours, host="evil.example")
        assert f"refuses POST /_emulator/phones/{ANNA}/hangup → HTTP 409" in refused(
            "POST", f"/_emulator/phones/{ANNA}/hangup", ours
        )


def test_half_a_token_is_not_shown_either() -> None:
    body = "x" * (2000 - len(AUTH_TOKEN) // 2) + AUTH_TOKEN
    with Emulator() as emulator:
        website = Website({"/voice": WebhookResponse(500, Headers(), body.encode())})
        emulator.mount(HOME, website)
        emulator.number(OURS, voice_url=f"{HOME}/voice")
        assert emulator.phone(ANNA).dial(OURS).ended.status == "completed"
        assert emulator.problems[0].response_body.endswith("x***")


def test_an_application_is_installed_over_http_and_its_phone_rings() -> None:

    with socket.create_server(("127.0.0.1", 0)) as listener:
        app = Application(
            public_url=f"http://127.0.0.1:{listener.getsockname()[1]}/phone", auth_token=AUTH_TOKEN
        )

        @app.on(IncomingCall)
        def greet(call: IncomingCall) -> VoiceResponse:
            return VoiceResponse(Say("Welcome"))

        @app.on(IncomingMessage)
        def answer(message: IncomingMessage) -> MessagingResponse:
            return MessagingResponse(Message("Thanks"))

        with (
            wsgi(app, listener),
            command("--number", OURS) as (url, process),
            Client(ACCOUNT_SID, AUTH_TOKEN, base_url=url) as client,
        ):
            app.install(client, friendly_name="desk", phone_number=OURS)
            record = app.install(client, friendly_name="desk", phone_number=OURS)  # it is updated
            assert [each.sid for each in client.applications.list()] == [record.sid]
            numbers = list(client.incoming_phone_numbers.list())
            assert [each.voice_application_sid for each in numbers] == [record.sid]
            order(url, f"phones/{ANNA}/dial", to=OURS)
            assert 'hears "Welcome"' in lines_until(process, "hears")[-1]
            order(url, f"phones/{ANNA}/text", to=OURS, body="Hi")
            assert 'reads "Thanks"' in lines_until(process, "reads")[-1]
        app.close()


@pytest.mark.parametrize(
    ("given_number", "reason"),
    [
        ("nobody=http://localhost/", "'nobody' is no phone number"),
        (f"{OURS}=localhost:8000", "'localhost:8000' is no absolute http or https URL"),
        (f"{OURS},voice=http://[::1", "'http://[::1' is no absolute http or https URL"),
        (f"{OURS},fax=http://localhost/", "expected voice=URL, sms=URL or status=URL"),
        (f"{OURS},voice=http://localhost/,sms=", "'' is no absolute http or https URL"),
    ],
)
def test_numbers_that_make_no_sense(
    given_number: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as error:
        main(["emulator", "--number", given_number])
    assert error.value.code == 2
    told = capsys.readouterr().err
    assert reason in told
    assert "+15017122661=http://localhost:8000/phone/greet" in told


def test_a_number_whose_url_leads_to_another_machine(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["emulator", "--number", f"{OURS}=http://user:secret@example.com/voice"]) == 2
    told = capsys.readouterr().err
    assert "http://example.com/voice is on another machine: add --any-host" in told
    assert "secret" not in told


class Ascii(io.StringIO):
    encoding = "ascii"


@given(st.text(), st.text(max_size=2000))
def test_lines_hold_nothing_but_what_can_be_shown(what: str, body: str) -> None:
    stream = Ascii()
    printer = Printer(stream, lambda _: "call 1", lambda text: text.replace("token", "***"))
    with Emulator() as emulator:
        now = emulator.date
    problem = Problem(
        sid="NO1",
        date_created=now,
        date_updated=now,
        account_sid="AC1",
        code=11200,
        message="",
        subject_sid="CA1",
        response_body=f"{body}token",
    )
    printer(Entry(0.0, "CA1", "Twilio", "problem", what), problem)
    lines = stream.getvalue().split("\n")
    assert 2 <= len(lines) <= 24
    assert all(line.isascii() and (line.isprintable() or not line) for line in lines)
    assert max(map(len, lines)) < 4000
    assert "token" not in "".join(lines[1:])


def test_a_terminal_that_is_gone_stops_nothing() -> None:
    stream = io.StringIO()
    with Emulator() as emulator:
        with emulator.held() as network:
            network.watchers.append(Printer(stream, network.transcript.title, network.masked))
        stream.close()
        emulator.number(OURS)
        assert emulator.phone(ANNA).dial(OURS).ended.status == "completed"


def test_what_a_code_means_is_told_once() -> None:
    stream = io.StringIO()
    website = Website({"/voice": WebhookResponse(500)})
    with Emulator() as emulator:
        with emulator.held() as network:
            network.watchers.append(Printer(stream, network.transcript.title, network.masked))
        emulator.mount(HOME, website)
        emulator.number(OURS, voice_url=f"{HOME}/voice")
        for _ in range(2):
            emulator.phone(ANNA).dial(OURS).expect_hangup()
        emulator.number(OURS)
        emulator.phone(ANNA).dial(OURS).expect_hangup()
    told = stream.getvalue()
    assert told.count("problem 11200: HTTP 500") == 2
    assert told.count("ringback explain 11200") == 1
    assert told.count("= URL can't be used: badly formed: ringback explain 11100") == 1
