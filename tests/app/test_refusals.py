"""What the log says of refused webhooks: enough to set it right, and nothing of what is in them."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback import Application, CallFlow, IncomingCall, IncomingMessage, Switchboard
from ringback.app.webhooks.refusals import Refusals, Throttle
from ringback.http import WebhookRequest
from ringback.twiml import VoiceResponse
from tests.app.twilio import TOKEN, call_parameters, eventually, message_parameters, new_sid, request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ringback.app.routes import Handler

URL = "https://example.com/phone"


def greet(call: IncomingCall) -> VoiceResponse:
    return VoiceResponse()


class Phone:
    def __init__(self) -> None:
        self.app = Application(public_url=URL, auth_token=TOKEN)
        self.voice: Handler[IncomingCall, VoiceResponse] = self.app.on(IncomingCall, path="/voice")(
            self._greet
        )

    def _greet(self, call: IncomingCall) -> VoiceResponse:
        return VoiceResponse()


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    assert {record.levelno for record in caplog.records} <= {logging.WARNING}
    return [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        ("/phone/Voice", "/phone/voice"),
        ("/phone/voise", "/phone/voice"),
        ("/voices", "/phone/voice"),
        ("/", "/phone/voice"),
    ],
)
async def test_a_path_that_nothing_is_at(path: str, nearest: str, caplog: pytest.LogCaptureFixture) -> None:
    asked = request(f"https://example.com{path}?Body=secret", call_parameters("CA1"))
    assert (await Phone().app.handle(asked)).status == 404
    assert lines(caplog) == [
        f"refused POST {path}: nothing is registered there, the nearest path that exists is {nearest}"
    ]


async def test_a_path_where_there_are_none(caplog: pytest.LogCaptureFixture) -> None:
    assert (await Switchboard().handle(request(f"{URL}/x", {}))).status == 404
    assert lines(caplog) == [
        "refused POST /phone/x: nothing is registered there, nothing is registered at all"
    ]


async def test_a_switchboard_looks_through_all_its_applications(caplog: pytest.LogCaptureFixture) -> None:
    other = Application(public_url="https://example.com/other", auth_token=TOKEN)

    @other.on(IncomingMessage)
    def reply(message: IncomingMessage) -> None: ...

    await Switchboard(Phone().app, other).handle(request("https://example.com/other/replies", {}))
    assert "the nearest path that exists is /other/reply" in caplog.text


async def test_a_method_that_is_not_taken(caplog: pytest.LogCaptureFixture) -> None:
    phone = Phone()
    asked = WebhookRequest("PUT", phone.voice.url, {})
    assert (await phone.app.handle(asked)).status == 405
    [line] = lines(caplog)
    assert line.startswith(f"refused PUT {phone.voice.url}: ")
    assert line.endswith("ask with GET or POST")


async def test_a_signature_that_does_not_match_is_explained_once(caplog: pytest.LogCaptureFixture) -> None:
    phone = Phone()
    signed = request(phone.voice.url.replace("https", "http"), call_parameters("CA1"))
    asked = WebhookRequest("POST", phone.voice.url, signed.headers, signed.body)
    for _ in range(5):
        assert (await phone.app.handle(asked)).status == 403
    await eventually(lambda: bool(caplog.records))
    other = request(phone.voice.url, call_parameters("CA1"), token="a-token-of-others")
    for _ in range(5):
        assert (await phone.app.handle(other)).status == 403
    await eventually(lambda: len(caplog.records) == 2)
    first, second = lines(caplog)
    assert first.startswith(f"refused POST {phone.voice.url}: The signature does not match. It would if the")
    assert "the scheme were http." in first
    assert "Most likely the auth token is an old one" in second
    for secret in (TOKEN, "a-token-of-others", signed.headers["X-Twilio-Signature"], "+1555"):
        assert secret not in caplog.text


async def test_strangers_keep_neither_the_loop_nor_the_log_busy(caplog: pytest.LogCaptureFixture) -> None:
    phone = Phone()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    slowest = 0.0
    for number in range(200):
        given = {**headers, "X-Twilio-Signature": f"forged {number}"}
        url = f"{phone.voice.url}?a={number}%20'~@:&b=" + "'" * 1_000
        asked = WebhookRequest("POST", url, given, b"a=" + b"x" * 300_000)
        began = time.process_time()
        assert (await phone.app.handle(asked)).status == 403
        slowest = max(slowest, time.process_time() - began)
    assert slowest < 0.1
    for number in range(200):
        await phone.app.handle(WebhookRequest("GET", f"https://example.com/.env{number}", {}))
    await asyncio.sleep(0)
    assert len(lines(caplog)) <= 21
    # Who looks for holes doesn't keep Twilio's own from being told of.
    await phone.app.handle(request("https://example.com/phone/voices", {}))
    assert "refused POST /phone/voices: " in caplog.text


async def test_a_hostile_path_writes_no_line_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    phone = Phone()
    url = "https://example.com/a%0AERROR%20all%20is%20lost%1b[31m" + "x" * 5_000
    await phone.app.handle(WebhookRequest("POST\nERROR", url, {}))
    [line] = lines(caplog)
    assert line.isprintable()
    assert len(line) < 400


@given(st.text(), st.text(), st.lists(st.text(), max_size=3))
def test_whatever_is_refused_is_told_in_one_line(method: str, path: str, paths: list[str]) -> None:
    told: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: told.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("ringback")
    logger.addHandler(handler)
    try:
        Refusals().unmatched(WebhookRequest(method, f"https://example.com/{path}", {}), ())
    finally:
        logger.removeHandler(handler)
    assert len(told) == 1
    assert told[0].isprintable()


def test_the_nearest_path_is_not_looked_for_in_vain() -> None:
    looked: list[int] = []

    def paths() -> Iterator[str]:
        looked.append(1)
        yield "/voice"

    refusals = Refusals()
    for _ in range(50):
        refusals.unmatched(WebhookRequest("POST", "https://example.com/voise", {}), paths())
    assert len(looked) == 1


async def test_a_lost_flow_is_told_with_its_call(caplog: pytest.LogCaptureFixture) -> None:
    app = Application(public_url=URL, auth_token=TOKEN)

    @app.flow(IncomingCall)
    async def menu(call: CallFlow) -> None: ...

    sid = new_sid("CA")
    for tag in ("flow.gone.1", "hold.gone"):
        caplog.clear()
        await app.handle(request(f"{menu.url}?ringback={tag}", call_parameters(sid)))
        assert sid in caplog.records[0].getMessage()
        assert "another worker has it" in caplog.text
        assert "+1555" not in caplog.text


async def test_what_cannot_be_read_is_told_once_and_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    app = Application(public_url=URL, auth_token=TOKEN)
    heard: list[IncomingMessage] = []

    @app.on(IncomingMessage)
    def reply(message: IncomingMessage) -> None:
        heard.append(message)

    for sid in ("SM1", "SM2"):
        await app.handle(request(reply.url, message_parameters(sid, NumSegments="2.0", Latitude="52,5")))
    assert [message.unreadable for message in heard] == [{"NumSegments": "2.0", "Latitude": "52,5"}] * 2
    await eventually(lambda: bool(caplog.records))
    [line] = lines(caplog)
    assert "IncomingMessage: " in line
    assert "NumSegments" in line
    assert "Latitude" in line
    assert "52,5" not in line


def test_the_throttle_lets_a_kind_through_once_a_minute_and_few_kinds() -> None:
    now = 0.0
    throttle = Throttle(most=2, clock=lambda: now)
    assert [throttle.admits(kind) for kind in "aabbc"] == [True, False, True, False, False]
    now = 59.9
    assert not throttle.admits("a")
    now = 60.0
    assert [throttle.admits(kind) for kind in "caba"] == [True, True, False, False]
