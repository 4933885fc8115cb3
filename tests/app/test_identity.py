"""What is a repetition: what is signed decides, and a header that isn't can't make one or unmake one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from ringback import Application, CallEnded, CallFlow, IncomingCall, IncomingMessage
from ringback.http import WebhookRequest
from ringback.stores import SQLiteStore
from ringback.twiml import Redirect, Say, VoiceResponse
from ringback.webhooks import sign
from tests.app.twilio import (
    TOKEN,
    call_parameters,
    eventually,
    link,
    message_parameters,
    new_sid,
    request,
    served,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

URL = "https://example.com/phone"
FORM = "application/x-www-form-urlencoded"


def application() -> Application:
    return Application(public_url=URL, auth_token=TOKEN)


def replayed(signed: WebhookRequest, pairs: Sequence[tuple[str, str]], url: str = "") -> WebhookRequest:
    """The same signature with other pairs, or at another URL."""
    return WebhookRequest("POST", url or signed.url, signed.headers, urlencode(pairs).encode())


@pytest.mark.parametrize("tokens", [("a", "b", None), (None, "a", "a"), (None, None, None)])
async def test_a_message_is_one_under_whatever_token(tokens: tuple[str | None, ...]) -> None:
    app = application()
    heard: list[str] = []

    @app.on(IncomingMessage)
    def reply(message: IncomingMessage) -> None:
        heard.append(message.message_sid)

    for token in tokens:
        headers = {} if token is None else {"I_Twilio_Idempotency_Token": token}
        await app.handle(request(reply.url, message_parameters("SM1"), **headers))
    assert heard == ["SM1"]


async def test_two_messages_under_one_token_are_two() -> None:
    app = application()
    heard: list[str] = []

    @app.on(IncomingMessage)
    def reply(message: IncomingMessage) -> None:
        heard.append(message.message_sid)

    for sid in ("SM1", "SM2"):
        await app.handle(request(reply.url, message_parameters(sid), I_Twilio_Idempotency_Token="t"))
    assert heard == ["SM1", "SM2"]


async def test_what_is_signed_the_same_is_the_same_however_it_is_written() -> None:
    app = application()
    heard: list[CallEnded] = []
    app.on(CallEnded, heard.append)
    url = app.callback(CallEnded).url + "?note=a%20b"
    parameters = call_parameters("CA1", "completed", ApiVersion="2010-04-01")
    signed = request(url, parameters)
    pairs = list(parameters.items())
    split = [pair for pair in pairs if pair[0] != "To"] + [("T", f"o{parameters['To']}")]
    for other in (
        signed,
        replayed(signed, [*pairs, pairs[0]]),  # equal pairs are signed once
        replayed(signed, split),  # and nothing is signed between names and values
        replayed(signed, pairs, url.replace("%20", "+")),
    ):
        assert (await app.handle(other)).status == 204
    assert len(heard) == 1


async def test_by_get_too() -> None:
    app = application()
    heard: list[CallEnded] = []
    app.on(CallEnded, heard.append)
    for sid in ("CA1", "CA1", "CA2"):
        asked = request(app.callback(CallEnded).url, call_parameters(sid, "completed"), method="GET")
        assert (await app.handle(asked)).status == 204
    assert [event.call_sid for event in heard] == ["CA1", "CA2"]


async def test_a_call_that_comes_by_again_is_told_by_its_token() -> None:
    app = application()
    count = 0

    @app.on(IncomingCall)
    def greet(call: IncomingCall) -> VoiceResponse:
        nonlocal count
        count += 1
        return VoiceResponse(Say(str(count)), Redirect(greet))

    said: list[str | None] = []
    for token in ("a", "a", "b", "b"):
        asked = request(greet.url, call_parameters("CA1"), I_Twilio_Idempotency_Token=token)
        said.append(served(await app.handle(asked)).findtext("Say"))
    assert said == ["1", "1", "2", "2"]
    other = request(greet.url, call_parameters("CA2"), I_Twilio_Idempotency_Token="b")
    assert served(await app.handle(other)).findtext("Say") == "3"


async def test_a_replay_ends_no_flow() -> None:
    app = application()
    starts: list[str] = []

    @app.flow(IncomingCall)
    async def menu(call: CallFlow) -> None:
        starts.append(call.sid)
        pressed = await call.gather(Say("Press."))
        call.say("nothing" if pressed is None else str(pressed.digits))

    parameters = call_parameters(new_sid("CA"))
    first = await app.handle(request(menu.url, parameters, I_Twilio_Idempotency_Token="a"))
    again = await app.handle(request(menu.url, parameters, I_Twilio_Idempotency_Token="somebody's"))
    assert first == again
    result = await app.handle(request(link(first, "Gather"), {**parameters, "Digits": "7"}))
    assert served(result).findtext("Say") == "7"
    assert len(starts) == 1
    # Now the flow is over and the call lives: Twilio may well ask again, and says that it isn't a repetition.
    await app.handle(request(menu.url, parameters, I_Twilio_Idempotency_Token="c"))
    assert len(starts) == 2
    # A call that has ended doesn't come by again, whatever anybody says.
    await app.handle(request(app.callback(CallEnded).url, {**parameters, "CallStatus": "completed"}))
    await app.handle(request(menu.url, parameters, I_Twilio_Idempotency_Token="d"))
    assert len(starts) == 2


@pytest.mark.parametrize("shared", [False, True])
async def test_listeners_hear_once_of_a_call_whose_first_request_is_repeated(
    shared: bool, tmp_path: Path
) -> None:
    store = SQLiteStore(tmp_path / "store") if shared else None
    app = Application(public_url=URL, auth_token=TOKEN, store=store)
    heard: list[str] = []
    app.on(IncomingCall, lambda call: heard.append(call.call_sid))

    @app.flow(IncomingCall)
    async def greet(call: CallFlow) -> None:
        await call.gather(Say("Press 1."), num_digits=1)

    for token in ("a", "a", "b"):
        headers = {"I_Twilio_Idempotency_Token": token}
        assert (await app.handle(request(greet.url, call_parameters("CA1"), **headers))).status == 200
    await eventually(lambda: bool(heard))
    await asyncio.sleep(0.01)  # for a second one
    await app.aclose()
    assert heard == ["CA1"]


async def test_without_signatures_the_content_counts() -> None:
    app = Application(public_url=URL, validate_signatures=False)
    heard: list[CallEnded] = []
    app.on(CallEnded, heard.append)
    for sid, signature in (("CA1", "x"), ("CA1", "y"), ("CA2", "x")):
        body = urlencode(call_parameters(sid, "completed")).encode()
        headers = {"Content-Type": FORM, "X-Twilio-Signature": signature}
        await app.handle(WebhookRequest("POST", app.callback(CallEnded).url, headers, body))
    assert [event.call_sid for event in heard] == ["CA1", "CA2"]


async def test_a_token_that_is_no_text_does_no_harm() -> None:
    app = application()

    @app.on(IncomingCall)
    def greet(call: IncomingCall) -> VoiceResponse:
        return VoiceResponse()

    asked = request(greet.url, call_parameters("CA1"))
    headers = [*asked.headers.multi_items(), ("I-Twilio-Idempotency-Token", "\ud800")]
    assert (await app.handle(WebhookRequest("POST", asked.url, headers, asked.body))).status == 200
    assert sign(asked.url, call_parameters("CA1").items(), TOKEN) == asked.headers["X-Twilio-Signature"]
