"""Webhooks are asked for again as the fragment of their URL says, of servers that misbehave."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

import pytest
from attrs import define, field

from ringback import Application, CallEnded, IncomingCall
from ringback.emulator import AUTH_TOKEN, Emulator
from ringback.http import WebhookRequest, WebhookResponse
from ringback.twiml import Say, VoiceResponse
from tests.emulator.conftest import ANNA, OURS
from tests.emulator.website import HOME, Website

_HELLO = b"<Response><Say>Hello</Say></Response>"
_GOOD = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s" % (len(_HELLO), _HELLO)


@define
class Misbehaving:
    """A server that treats each connection as the next of `ways` says, the last one also those beyond it."""

    ways: list[Callable[[socket.socket], None]]
    asked: list[bytes] = field(factory=list[bytes])
    over: threading.Event = field(factory=threading.Event)

    @contextmanager
    def served(self) -> Generator[str]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=self._serve, args=(listener,))
            thread.start()
            try:
                yield f"http://127.0.0.1:{listener.getsockname()[1]}"
            finally:
                self.over.set()
                listener.shutdown(socket.SHUT_RDWR)
                thread.join(10)

    def _serve(self, listener: socket.socket) -> None:
        while not self.over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, suppress(ConnectionError):
                request = connection.recv(65_536)
                while b"\r\n\r\n" not in request or not request.partition(b"\r\n\r\n")[2]:
                    request += connection.recv(65_536)
                self.asked.append(request)
                self.ways[min(len(self.asked), len(self.ways)) - 1](connection)

    def silent(self, _: socket.socket) -> None:
        self.over.wait(0.3)


def closing(_: socket.socket) -> None:
    """Says nothing and closes."""


def resetting(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def halfway(connection: socket.socket) -> None:
    connection.sendall(_GOOD[:-10])


def rubbish(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")


def failing(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 503 Not Now\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def missing(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def good(connection: socket.socket) -> None:
    connection.sendall(_GOOD)


@pytest.mark.parametrize(
    ("way", "policy", "tries"),
    [
        (closing, "rp=ct", 1),
        (closing, "rp=rt", 3),
        (closing, "rp=all", 3),
        (closing, "rp=4xx,5xx,ct", 1),
        (resetting, "rp=rt", 3),
        (resetting, "", 1),
        (halfway, "rp=all", 3),
        (halfway, "rp=ct", 1),
        (rubbish, "rp=all", 1),
        (failing, "rp=5xx", 3),
        (failing, "rp=4xx", 1),
        (failing, "", 1),
        (failing, "rp=rt,5xx", 3),
        (missing, "rp=4xx", 3),
        (missing, "rp=all", 3),
        (missing, "rp=5xx", 1),
    ],
)
def test_what_is_asked_for_again(
    emulator: Emulator, way: Callable[[socket.socket], None], policy: str, tries: int
) -> None:
    emulator.allow_problems(11200)
    server = Misbehaving([way])
    with server.served() as home:
        emulator.number(OURS, voice_url=f"{home}/voice#rc=2&{policy}")
        emulator.phone(ANNA).dial(OURS).expect_say("application error")
    assert len(server.asked) == tries
    # Nothing of the fragment is sent, and each try is the same to the byte: token and signature, too.
    assert len(set(server.asked)) == 1
    assert server.asked[0].startswith(b"POST /voice HTTP/1.1\r\n")
    assert [problem.code for problem in emulator.problems] == [11200]


@pytest.mark.parametrize(("policy", "tries"), [("rt", 3), ("ct", 1), ("all", 3)])
def test_silence(emulator: Emulator, policy: str, tries: int) -> None:
    emulator.allow_problems(11205)
    server = Misbehaving([])
    server.ways.append(server.silent)
    with server.served() as home:
        emulator.number(OURS, voice_url=f"{home}/voice#rc=2&rt=100&rp={policy}")
        emulator.phone(ANNA).dial(OURS).expect_say("application error")
        # Each is looked at only when the one before it is over.
        deadline = time.monotonic() + 5
        while len(server.asked) < tries and time.monotonic() < deadline:
            time.sleep(0.01)
    assert len(server.asked) == tries


def test_a_retry_that_succeeds_is_all_that_matters(emulator: Emulator) -> None:
    server = Misbehaving([closing, failing, good])
    with server.served() as home:
        emulator.number(OURS, voice_url=f"{home}/voice#rc=2&rp=all")
        emulator.phone(ANNA).dial(OURS).expect_say("Hello")
    assert len(server.asked) == 3
    assert not emulator.problems


def test_the_total_time_is_that_of_all_tries_together(emulator: Emulator) -> None:
    emulator.allow_problems(11205)
    server = Misbehaving([])
    server.ways.append(server.silent)
    with server.served() as home:
        emulator.number(OURS, voice_url=f"{home}/voice#rc=5&rp=rt&rt=300&tt=450")
        begun = time.monotonic()
        emulator.phone(ANNA).dial(OURS).expect_say("application error")
        assert time.monotonic() - begun < 1.2  # five times 300 ms and 450 ms each would be more
    assert len(server.asked) == 2


def test_in_process_the_total_time_goes_by_the_emulators_clock(emulator: Emulator) -> None:
    app = Application(public_url="https://example.com/phone", auth_token=AUTH_TOKEN, deadline=60)

    @app.on(IncomingCall)
    async def greet(call: IncomingCall) -> VoiceResponse:
        await asyncio.sleep(3600)
        return VoiceResponse(Say("Hello"))

    emulator.allow_problems(11205)
    emulator.install(app, OURS)
    emulator.number(OURS, voice_url=f"{greet.url}#rc=3&rp=rt&rt=15000&tt=12000")
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_say("application error")
    assert 12 <= emulator.now < 20


@pytest.mark.parametrize(
    ("fragment", "tries", "complaints"),
    [
        ("rc=2&rp=5xx,sometimes", 3, ["rp: expected some of 4xx, 5xx, all, ct, rt, got '5xx,sometimes'"]),
        ("rc=2&rp=never", 1, ["rp: expected some of 4xx, 5xx, all, ct, rt, got 'never'"]),
        ("rc=many&rp=5xx", 2, ["rc: expected 0 to 5, got 'many'"]),
        ("rc=9&rp=5xx", 6, ["rc: expected 0 to 5, got '9'"]),
        ("rc=-1&rp=5xx", 2, ["rc: expected 0 to 5, got '-1'"]),
        ("rc=2&rp=", 1, ["rp: expected some of 4xx, 5xx, all, ct, rt, got ''"]),
        ("ct=1&rt=99999&rp=5xx", 2, ["ct: expected 100 to 10000, got '1'", "rt: expected 100 to 15000"]),
        ("rp=5xx&rc=1&e=ashburn&sni=y&mine=1", 2, []),
        ("top", 1, []),
    ],
)
def test_settings_that_make_no_sense_are_told_and_ignored(
    emulator: Emulator, website: Website, fragment: str, tries: int, complaints: list[str]
) -> None:
    emulator.allow_problems(11200, 11243)
    website.pages["/voice"] = WebhookResponse(500)
    emulator.number(OURS, voice_url=f"{HOME}/voice#{fragment}")
    emulator.phone(ANNA).dial(OURS).expect_say("application error")
    assert len(website.asked) == tries
    told = [problem for problem in emulator.problems if problem.code == 11243]
    assert [problem.level for problem in told] == ["error"] * len(complaints)
    for problem, complaint in zip(told, complaints, strict=True):
        assert complaint in problem.message
        assert f"in the fragment of {HOME}/voice" in problem.message


def test_notifications_and_texts_are_asked_for_again_as_well(emulator: Emulator) -> None:
    class Down:
        asked: list[str] = []  # noqa: RUF012

        def handle_sync(self, request: WebhookRequest, /) -> WebhookResponse:
            self.asked.append(request.url)
            return WebhookResponse(503)

    emulator.allow_problems(11200, 15003)
    emulator.mount(HOME, Down())
    emulator.number(
        OURS,
        voice_url=f"{HOME}/voice#rc=0",
        sms_url=f"{HOME}/sms#rc=2&rp=all",
        status_callback=f"{HOME}/status#rc=1&rp=5xx",
    )
    emulator.phone(ANNA).text(OURS, "Hi")
    emulator.run_until_idle()
    assert Down.asked == [f"{HOME}/sms"] * 3
    emulator.phone(ANNA).dial(OURS)
    emulator.run_until_idle()
    assert Down.asked[3:].count(f"{HOME}/status") == 2


def test_an_application_answers_the_retry_as_it_did_the_first_time(emulator: Emulator) -> None:
    """What it was asked twice it does once: the same token says that it is the same webhook."""
    app = Application(public_url=f"{HOME}/phone", auth_token=AUTH_TOKEN)
    ended: list[str] = []

    @app.on(IncomingCall)
    def greet(call: IncomingCall) -> VoiceResponse:
        return VoiceResponse(Say("Hello"))

    @app.on(CallEnded)
    def over(event: CallEnded) -> None:
        ended.append(event.call_sid)

    class Losing:
        """Loses every first answer."""

        tokens: list[str] = []  # noqa: RUF012

        def handle_sync(self, request: WebhookRequest, /) -> WebhookResponse:
            answer = app.handle_sync(request)
            token = request.headers["I-Twilio-Idempotency-Token"]
            self.tokens.append(token)
            return answer if self.tokens.count(token) == 2 else WebhookResponse(502)

    emulator.mount(HOME, Losing())
    status = f"{app.callback(CallEnded).url}#rc=1&rp=all"
    emulator.number(OURS, voice_url=f"{greet.url}#rc=1&rp=all", status_callback=status)
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_say("Hello")
    emulator.run_until_idle()
    assert ended == [call.sid]
    app.close()
