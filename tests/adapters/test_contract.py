"""What every adapter does, over real HTTP, in front of real servers."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import urllib3

from ringback.app import Application, CallFlow, WithCookies
from ringback.errors import CallHungUp
from ringback.http import WebhookRequest, WebhookResponse
from ringback.twiml import Message, MessagingResponse, Say, VoiceResponse
from ringback.webhooks import CallEnded, IncomingCall, IncomingMessage
from tests.adapters.servers import SERVERS
from tests.app.twilio import (
    TOKEN,
    call_parameters,
    link,
    message_parameters,
    new_sid,
    request,
    served,
    tags,
    until,
)

if TYPE_CHECKING:
    from collections.abc import Generator

PUBLIC = "https://example.com/phone"


class Site:
    """The application under test, and a way to it."""

    def __init__(self) -> None:
        self.ended: list[str] = []
        self.left: list[str] = []
        self.app = app = Application(public_url=PUBLIC, auth_token=TOKEN, max_body=20_000)

        @app.flow(IncomingCall)
        async def reception(call: CallFlow) -> None:
            try:
                call.say(f"Hello {call.from_}")
                pressed = await call.gather(num_digits=1)
                call.say("Nothing" if pressed is None else f"You pressed {pressed.digits}")
            except CallHungUp as hung_up:
                self.left.append(hung_up.call_sid)

        @app.on(IncomingCall, path="/sync/größe")
        def plain(call: IncomingCall) -> VoiceResponse:
            return VoiceResponse(Say("Plain"))

        @app.on(IncomingCall, path="/visits")
        def visits(call: IncomingCall, *, name: str) -> WithCookies[VoiceResponse]:
            before = call.request.cookies.get("visits", "0")
            hello = VoiceResponse(Say(f"{name} {call.request.headers['X-Home-Region']} {before}"))
            return WithCookies(hello, {"visits": str(int(before) + 1), "old": None})

        @app.on(IncomingCall, path="/broken")
        def broken(call: IncomingCall) -> VoiceResponse:
            raise RuntimeError("a secret")

        @app.on(IncomingMessage)
        async def reply(message: IncomingMessage) -> MessagingResponse:
            return MessagingResponse(Message(f"You wrote {message.body}"))

        app.on(CallEnded, lambda event: self.ended.append(event.call_sid))
        self.reception, self.plain, self.broken, self.reply = reception, plain, broken, reply
        self.visits = visits
        self.address = ""
        self.path = ""
        self.pool = urllib3.PoolManager(retries=False, timeout=10, maxsize=32)

    def send(self, asked: WebhookRequest) -> WebhookResponse:
        """Send a request of Twilio's to where a proxy would take it."""
        url = asked.url.replace(PUBLIC, f"{self.address}{self.path}")
        headers = {name: value for name, value in asked.headers.items() if name != "Host"}
        answer = self.pool.request(asked.method, url, headers=headers, body=asked.body)
        return WebhookResponse(answer.status, answer.headers, answer.data)


@pytest.fixture(scope="module", params=SERVERS)
def site(request: pytest.FixtureRequest) -> Generator[Site, None, None]:
    serve, path = SERVERS[request.param]
    site = Site()
    with serve(site.app) as address:
        site.address, site.path = address, path
        yield site
    site.pool.clear()
    site.app.close()


def test_a_call_is_led_from_end_to_end(site: Site) -> None:
    sid = new_sid("CA")
    first = site.send(request(site.reception.url, call_parameters(sid, "ringing")))
    assert tags(first) == ["Say", "Gather", "Redirect"]
    assert served(first).findtext("Say") == "Hello +15558675310"
    second = site.send(request(link(first, "Gather"), call_parameters(sid, Digits="7")))
    assert served(second).findtext("Say") == "You pressed 7"


def test_a_get_request(site: Site) -> None:
    asked = request(site.plain.url, call_parameters(new_sid("CA"), Extra="ü &=+"), method="GET")
    assert served(site.send(asked)).findtext("Say") == "Plain"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_arguments_and_cookies(site: Site, method: str) -> None:
    url = site.visits.bind(name="Zoë & Ko").url
    asked = request(
        url, call_parameters(new_sid("CA")), method=method, Cookie="a=b; visits=4", X_Home_Region="ie1"
    )
    answer = site.send(asked)
    assert served(answer).findtext("Say") == "Zoë & Ko ie1 4"
    assert answer.headers.get_all("Set-Cookie") == ("visits=5; Path=/", "old=; Max-Age=0; Path=/")


def test_a_query_that_is_spelled_anew_on_its_way(site: Site) -> None:
    asked = request(f"{site.plain.url}?city=K\u00f6ln%20am&x=a'b~", call_parameters(new_sid("CA")))
    seen = f"{site.plain.url}?city=K%c3%b6ln+am&x=a%27b%7e"
    answer = site.send(WebhookRequest("POST", seen, asked.headers, asked.body))
    assert served(answer).findtext("Say") == "Plain"


def test_text_of_every_kind(site: Site) -> None:
    body = "Grüße & <b>=+%20 \U0001f600\r\n"
    answer = site.send(request(site.reply.url, message_parameters(new_sid("SM"), Body=body)))
    assert (served(answer).findtext("Message") or "").strip() == f"You wrote {body}".replace(
        "\r\n", "\n"
    ).strip()


def test_a_notification(site: Site) -> None:
    sid = new_sid("CA")
    first = site.send(request(site.reception.url, call_parameters(sid, "ringing")))
    assert tags(first) == ["Say", "Gather", "Redirect"]
    url = site.app.callback(CallEnded).url
    answer = site.send(request(url, call_parameters(sid, "completed", CallDuration="3")))
    assert (answer.status, answer.body) == (204, b"")
    assert sid in site.ended
    until(lambda: sid in site.left)


def test_a_handler_that_fails(site: Site) -> None:
    answer = site.send(request(site.broken.url, call_parameters(new_sid("CA"))))
    assert tags(answer) == ["Say", "Hangup"]
    assert b"secret" not in answer.body


def test_a_wrong_signature(site: Site) -> None:
    assert site.send(request(site.plain.url, call_parameters(new_sid("CA")), token="another")).status == 403


def test_what_is_not_registered(site: Site) -> None:
    assert site.send(request(f"{PUBLIC}/nothing", call_parameters(new_sid("CA")))).status == 404


def test_a_body_that_is_too_large(site: Site) -> None:
    asked = request(site.plain.url, call_parameters(new_sid("CA"), Body="x" * 20_000))
    assert site.send(asked).status == 413


def test_a_body_that_never_says_how_large_it_is(site: Site) -> None:
    def chunks() -> Generator[bytes, None, None]:
        for _ in range(30):
            yield b"x" * 1000

    url = site.plain.url.replace(PUBLIC, f"{site.address}{site.path}")
    with urllib3.PoolManager(retries=False, timeout=10) as pool:
        try:
            answer = pool.request("POST", url, body=chunks(), chunked=True)
        except urllib3.exceptions.ProtocolError:
            return  # it was cut off while it was still sending
        assert answer.status == 413


def test_a_body_that_is_no_form(site: Site) -> None:
    asked = WebhookRequest("POST", site.plain.url, {"Content-Type": "image/png"}, b"\x89PNG\xff")
    assert site.send(asked).status == 415


def test_other_methods(site: Site) -> None:
    assert site.send(WebhookRequest("DELETE", site.plain.url)).status in {404, 405}
    assert site.send(WebhookRequest("HEAD", site.plain.url)).status in {404, 405}


@pytest.mark.parametrize(
    "head",
    [
        "POST {path}/reception HTTP/1.1\r\nHost: [::1\r\nContent-Length: 0\r\n\r\n",
        "POST {path}/reception HTTP/1.1\r\nHost: a b\r\nContent-Length: 0\r\n\r\n",
        "POST {path}/%ff%fe HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
        "POST {path}/reception?%ff&&=;ringback=flow HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
        "POST {path}/reception HTTP/1.1\r\nHost: x\r\nX-Twilio-Signature: \xff\r\nContent-Length: 0\r\n\r\n",
        "POST {path}/reception HTTP/1.0\r\n\r\n",
        "POST {path}/../reception HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_hostile_heads(site: Site, head: str) -> None:
    parts = urlsplit(site.address)
    assert parts.hostname is not None
    assert parts.port is not None
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(head.format(path=site.path).encode("latin-1"))
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    # Empty where the server itself hangs up on nonsense.
    assert answer == b"" or b" 4" in answer.split(b"\r\n")[0], answer
    assert b"Traceback" not in answer


def test_many_at_once(site: Site) -> None:
    def one(number: int) -> str | None:
        sid = new_sid("CA")
        first = site.send(request(site.reception.url, call_parameters(sid, "ringing")))
        second = site.send(request(link(first, "Gather"), call_parameters(sid, Digits=str(number))))
        return served(second).findtext("Say")

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(one, range(60))) == [f"You pressed {number}" for number in range(60)]


def test_repetitions_over_http(site: Site) -> None:
    sid = new_sid("CA")
    asked = request(site.reception.url, call_parameters(sid, "ringing"), I_Twilio_Idempotency_Token=sid)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(site.send, [asked] * 8))
    assert len({answer.body for answer in answers}) == 1
